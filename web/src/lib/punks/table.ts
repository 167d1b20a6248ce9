/** All 10,000 punks in columns, as the gateway sends them, for fast filtering and sorting. */
import type { Schemas } from '$lib/api/client';
import type { Looks } from '$lib/portrait/portrait';

export interface PunkTable {
	readonly count: number;
	readonly types: readonly string[];
	readonly skins: readonly string[];
	readonly traits: readonly string[];
	readonly columns: Schemas['ColumnsDocument']['columns'];
	/** Number of punks with each trait, in the order of `traits`. */
	readonly frequency: readonly number[];
}

export interface PunkRow {
	id: number;
	looks: Looks;
	value: number;
	lo: number;
	hi: number;
	ask: number | null;
	lastSale: number | null;
	confidence: string;
	/** 1 − ask / value; null without an ask. */
	discount: number | null;
}

export function tableOf(document: Schemas['ColumnsDocument']): PunkTable {
	const frequency = new Array<number>(document.traits.length).fill(0);
	for (const worn of document.columns.traits) for (const at of worn) frequency[at] = (frequency[at] ?? 0) + 1;
	return {
		count: document.count,
		types: document.types,
		skins: document.skins,
		traits: document.traits,
		columns: document.columns,
		frequency
	};
}

export function looksAt({ types, skins, traits, columns }: Pick<PunkTable, 'types' | 'skins' | 'traits' | 'columns'>, at: number): Looks {
	return {
		type: types[columns.type[at] ?? -1] ?? null,
		skin: skins[columns.skin[at] ?? -1] ?? null,
		traits: (columns.traits[at] ?? []).flatMap((trait) => traits[trait] ?? [])
	};
}

export function discountAt({ columns }: PunkTable, at: number): number | null {
	const [ask, value] = [columns.ask_eth[at], columns.value_eth[at]];
	return ask === null || ask === undefined || !value ? null : 1 - ask / value;
}

export function rowAt(table: PunkTable, at: number): PunkRow {
	const { columns } = table;
	return {
		id: columns.punk_id[at] ?? at,
		looks: looksAt(table, at),
		value: columns.value_eth[at] ?? 0,
		lo: columns.lo80_eth[at] ?? 0,
		hi: columns.hi80_eth[at] ?? 0,
		ask: columns.ask_eth[at] ?? null,
		lastSale: columns.last_sale_eth[at] ?? null,
		confidence: columns.confidence[at] ?? 'D',
		discount: discountAt(table, at)
	};
}
