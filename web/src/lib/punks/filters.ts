/** The filters of the Explore page, and their form in its URL. Filters survive the round trip through a URL unchanged. */
import { discountAt, type PunkTable } from './table';

export const SORTS = ['id', 'value', 'ask', 'discount', 'lastSale', 'width', 'traits'] as const;
export type Sort = (typeof SORTS)[number];
export const NUMBERS = ['minPrice', 'maxPrice', 'minValue', 'maxValue', 'minDiscount'] as const;
type NumberName = (typeof NUMBERS)[number];
/** Query parameters; amounts in ETH, the discount in percent. */
const PARAM: Record<NumberName, string> = { minPrice: 'min_price', maxPrice: 'max_price', minValue: 'min_value', maxValue: 'max_value', minDiscount: 'min_discount' };

export interface Filters extends Record<NumberName, number | null> {
	/** Any of these types; all types if empty. */
	types: string[];
	skins: string[];
	/** All of these traits. */
	traits: string[];
	/** Exactly this number of traits. */
	traitCount: number | null;
	listed: boolean;
	/** Leading digits of the punk number. */
	number: string;
	confidence: string[];
	sort: Sort;
	descending: boolean;
	view: 'grid' | 'table';
}

export const NO_FILTERS: Filters = {
	types: [], skins: [], traits: [], traitCount: null, listed: false, number: '', confidence: [],
	minPrice: null, maxPrice: null, minValue: null, maxValue: null, minDiscount: null,
	sort: 'id', descending: false, view: 'grid'
};

/** Reads filters from a query string; ignores what it does not understand. */
export function parse(params: URLSearchParams): Filters {
	const number = (name: string) => {
		const text = params.get(name);
		const value = text === null || text.trim() === '' ? NaN : Number(text);
		return Number.isFinite(value) ? value : null;
	};
	const many = (name: string) => [...new Set(params.getAll(name).filter(Boolean))];
	const traitCount = number('trait_count');
	const sort = params.get('sort') as Sort;
	const digits = params.get('punk') ?? '';
	return {
		types: many('type'),
		skins: many('skin'),
		traits: many('trait'),
		traitCount: traitCount !== null && Number.isInteger(traitCount) && traitCount >= 0 ? traitCount : null,
		listed: params.get('listed') === 'true',
		number: /^\d{1,4}$/.test(digits) ? digits : '',
		confidence: many('confidence').filter((grade) => /^[A-D]$/.test(grade)),
		...(Object.fromEntries(NUMBERS.map((name) => [name, number(PARAM[name])])) as Record<NumberName, number | null>),
		sort: SORTS.includes(sort) ? sort : 'id',
		descending: params.get('order') === 'desc',
		view: params.get('view') === 'table' ? 'table' : 'grid'
	};
}

export function toParams(filters: Filters): URLSearchParams {
	const params = new URLSearchParams();
	for (const one of filters.types) params.append('type', one);
	for (const one of filters.skins) params.append('skin', one);
	for (const one of filters.traits) params.append('trait', one);
	for (const one of filters.confidence) params.append('confidence', one);
	if (filters.traitCount !== null) params.set('trait_count', String(filters.traitCount));
	if (filters.listed) params.set('listed', 'true');
	if (filters.number) params.set('punk', filters.number);
	for (const name of NUMBERS) if (filters[name] !== null) params.set(PARAM[name], String(filters[name]));
	if (filters.sort !== 'id') params.set('sort', filters.sort);
	if (filters.descending) params.set('order', 'desc');
	if (filters.view === 'table') params.set('view', 'table');
	return params;
}

/** How many filters are set. */
export function countActive(filters: Filters): number {
	return (
		filters.types.length + filters.skins.length + filters.traits.length + filters.confidence.length +
		Number(filters.traitCount !== null) + Number(filters.listed) + Number(filters.number !== '') +
		NUMBERS.filter((name) => filters[name] !== null).length
	);
}

/** Rows of the punks that match, sorted. Names that the table does not know match nothing. */
export function apply(table: PunkTable, filters: Filters): Uint16Array {
	const { columns } = table;
	const indices = (names: readonly string[], all: readonly string[]) => new Set(names.map((name) => all.findIndex((one) => one.toLowerCase() === name.toLowerCase())));
	const types = indices(filters.types, table.types);
	const skins = indices(filters.skins, table.skins);
	const traits = [...indices(filters.traits, table.traits)];
	const matches = new Uint16Array(table.count);
	let size = 0;
	for (let at = 0; at < table.count; at++) {
		const ask = columns.ask_eth[at] ?? null;
		const value = columns.value_eth[at] ?? 0;
		const worn = columns.traits[at] ?? [];
		if (types.size > 0 && !types.has(columns.type[at] ?? -2)) continue;
		if (skins.size > 0 && !skins.has(columns.skin[at] ?? -2)) continue;
		if (traits.some((one) => !worn.includes(one))) continue;
		if (filters.traitCount !== null && worn.length !== filters.traitCount) continue;
		if (filters.listed && ask === null) continue;
		if (filters.number && !String(columns.punk_id[at]).startsWith(filters.number)) continue;
		if (filters.confidence.length > 0 && !filters.confidence.includes(columns.confidence[at] ?? '')) continue;
		if (filters.minPrice !== null && (ask === null || ask < filters.minPrice)) continue;
		if (filters.maxPrice !== null && (ask === null || ask > filters.maxPrice)) continue;
		if (filters.minValue !== null && value < filters.minValue) continue;
		if (filters.maxValue !== null && value > filters.maxValue) continue;
		if (filters.minDiscount !== null && (discountAt(table, at) ?? -Infinity) < filters.minDiscount / 100) continue;
		matches[size++] = at;
	}
	return sorted(table, matches.subarray(0, size), filters);
}

function sorted(table: PunkTable, matches: Uint16Array, { sort, descending }: Filters): Uint16Array {
	const { columns } = table;
	if (sort === 'id') return descending ? matches.reverse() : matches;
	const key = {
		value: (at: number) => columns.value_eth[at] ?? null,
		ask: (at: number) => columns.ask_eth[at] ?? null,
		discount: (at: number) => discountAt(table, at),
		lastSale: (at: number) => columns.last_sale_eth[at] ?? null,
		width: (at: number) => (columns.hi80_eth[at] ?? 0) / (columns.lo80_eth[at] || 1),
		traits: (at: number) => columns.traits[at]?.length ?? 0
	}[sort];
	const keys = new Float64Array(table.count);
	for (const at of matches) keys[at] = key(at) ?? NaN;
	const sign = descending ? -1 : 1;
	// Punks without the sort key come last in either direction; ties are sorted by punk number.
	return matches.sort((a, b) => {
		const [x, y] = [keys[a]!, keys[b]!];
		if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
		return sign * (x - y) || a - b;
	});
}
