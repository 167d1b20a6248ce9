/** All 10,000 punks in columns, as the gateway sends them, ready to be filtered and sorted in a few milliseconds. */
import type { Schemas } from '$lib/api/client';
import type { Looks } from '$lib/portrait/portrait';

export interface PunkTable {
	readonly count: number;
	readonly types: readonly string[];
	readonly skins: readonly string[];
	readonly traits: readonly string[];
	readonly columns: Schemas['ColumnsDocument']['columns'];
	readonly generation: number;
	readonly asOf: string;
	/** How many punks have each trait, by place. */
	readonly frequency: readonly number[];
}

export interface PunkRow {
	id: number;
	looks: Looks;
	value: number;
	lo: number;
	hi: number;
	ask: number | null;
	bid: number | null;
	lastSale: number | null;
	confidence: string;
	/** 1 - ask / value; null without an ask. */
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
		generation: document.generation.generation_id,
		asOf: document.generation.as_of,
		frequency
	};
}

export function discountAt({ columns }: PunkTable, at: number): number | null {
	const [ask, value] = [columns.ask_eth[at], columns.value_eth[at]];
	return ask === null || ask === undefined || !value ? null : 1 - ask / value;
}

export function rowAt(table: PunkTable, at: number): PunkRow {
	const { columns } = table;
	const [type, skin] = [columns.type[at], columns.skin[at]];
	return {
		id: columns.punk_id[at] ?? at,
		looks: {
			type: type === null || type === undefined ? null : (table.types[type] ?? null),
			skin: skin === null || skin === undefined ? null : (table.skins[skin] ?? null),
			traits: (columns.traits[at] ?? []).flatMap((one) => table.traits[one] ?? [])
		},
		value: columns.value_eth[at] ?? 0,
		lo: columns.lo80_eth[at] ?? 0,
		hi: columns.hi80_eth[at] ?? 0,
		ask: columns.ask_eth[at] ?? null,
		bid: columns.bid_eth[at] ?? null,
		lastSale: columns.last_sale_eth[at] ?? null,
		confidence: columns.confidence[at] ?? 'D',
		discount: discountAt(table, at)
	};
}
