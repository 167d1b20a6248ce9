/** What Explore shows, as its address says it. An address made of filters gives the same filters back. */
import { discountAt, type PunkTable } from './table';

export const SORTS = ['id', 'value', 'ask', 'discount', 'lastSale', 'width', 'traits'] as const;
export type Sort = (typeof SORTS)[number];
export const NUMBERS = ['minPrice', 'maxPrice', 'minValue', 'maxValue', 'minDiscount'] as const;
type NumberName = (typeof NUMBERS)[number];
/** `min_price` and so on; amounts in ETH, the discount in percent. */
const PARAM: Record<NumberName, string> = { minPrice: 'min_price', maxPrice: 'max_price', minValue: 'min_value', maxValue: 'max_value', minDiscount: 'min_discount' };

export interface Filters extends Record<NumberName, number | null> {
	/** Any of these types; none: all. */
	types: string[];
	skins: string[];
	/** All of these traits. */
	traits: string[];
	/** Exactly so many traits. */
	count: number | null;
	listed: boolean;
	/** Digits that the number begins with. */
	number: string;
	confidence: string[];
	sort: Sort;
	descending: boolean;
	view: 'grid' | 'table';
}

export const EVERYTHING: Filters = {
	types: [], skins: [], traits: [], count: null, listed: false, number: '', confidence: [],
	minPrice: null, maxPrice: null, minValue: null, maxValue: null, minDiscount: null,
	sort: 'id', descending: false, view: 'grid'
};

/** Reads an address; what it does not understand counts as not said. */
export function parse(params: URLSearchParams): Filters {
	const number = (name: string) => {
		const text = params.get(name);
		const value = text === null || text.trim() === '' ? NaN : Number(text);
		return Number.isFinite(value) ? value : null;
	};
	const many = (name: string) => [...new Set(params.getAll(name).filter(Boolean))];
	const count = number('trait_count');
	const sort = params.get('sort') as Sort;
	const digits = params.get('punk') ?? '';
	return {
		types: many('type'),
		skins: many('skin'),
		traits: many('trait'),
		count: count !== null && Number.isInteger(count) && count >= 0 ? count : null,
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
	if (filters.count !== null) params.set('trait_count', String(filters.count));
	if (filters.listed) params.set('listed', 'true');
	if (filters.number) params.set('punk', filters.number);
	for (const name of NUMBERS) if (filters[name] !== null) params.set(PARAM[name], String(filters[name]));
	if (filters.sort !== 'id') params.set('sort', filters.sort);
	if (filters.descending) params.set('order', 'desc');
	if (filters.view === 'table') params.set('view', 'table');
	return params;
}

/** How many filters are set, for the button that opens them. */
export function active(filters: Filters): number {
	return (
		filters.types.length + filters.skins.length + filters.traits.length + filters.confidence.length +
		Number(filters.count !== null) + Number(filters.listed) + Number(filters.number !== '') +
		NUMBERS.filter((name) => filters[name] !== null).length
	);
}

/** Places of the punks that pass, in order. Names the table does not know match nothing. */
export function apply(table: PunkTable, filters: Filters): Uint16Array {
	const { columns } = table;
	const places = (names: readonly string[], all: readonly string[]) => new Set(names.map((name) => all.findIndex((one) => one.toLowerCase() === name.toLowerCase())));
	const types = places(filters.types, table.types);
	const skins = places(filters.skins, table.skins);
	const traits = [...places(filters.traits, table.traits)];
	const found = new Uint16Array(table.count);
	let size = 0;
	for (let at = 0; at < table.count; at++) {
		const ask = columns.ask_eth[at] ?? null;
		const value = columns.value_eth[at] ?? 0;
		const worn = columns.traits[at] ?? [];
		if (types.size > 0 && !types.has(columns.type[at] ?? -2)) continue;
		if (skins.size > 0 && !skins.has(columns.skin[at] ?? -2)) continue;
		if (traits.some((one) => !worn.includes(one))) continue;
		if (filters.count !== null && worn.length !== filters.count) continue;
		if (filters.listed && ask === null) continue;
		if (filters.number && !String(columns.punk_id[at]).startsWith(filters.number)) continue;
		if (filters.confidence.length > 0 && !filters.confidence.includes(columns.confidence[at] ?? '')) continue;
		if (filters.minPrice !== null && (ask === null || ask < filters.minPrice)) continue;
		if (filters.maxPrice !== null && (ask === null || ask > filters.maxPrice)) continue;
		if (filters.minValue !== null && value < filters.minValue) continue;
		if (filters.maxValue !== null && value > filters.maxValue) continue;
		if (filters.minDiscount !== null && (discountAt(table, at) ?? -Infinity) < filters.minDiscount / 100) continue;
		found[size++] = at;
	}
	return sorted(table, found.subarray(0, size), filters);
}

function sorted(table: PunkTable, found: Uint16Array, { sort, descending }: Filters): Uint16Array {
	const { columns } = table;
	if (sort === 'id') return descending ? found.reverse() : found;
	const key = {
		value: (at: number) => columns.value_eth[at] ?? null,
		ask: (at: number) => columns.ask_eth[at] ?? null,
		discount: (at: number) => discountAt(table, at),
		lastSale: (at: number) => columns.last_sale_eth[at] ?? null,
		width: (at: number) => (columns.hi80_eth[at] ?? 0) / (columns.lo80_eth[at] || 1),
		traits: (at: number) => columns.traits[at]?.length ?? 0
	}[sort];
	const keys = new Float64Array(table.count);
	for (const at of found) keys[at] = key(at) ?? NaN;
	const sign = descending ? -1 : 1;
	// Punks without the figure come last, whatever the direction; equal ones by number.
	return found.sort((a, b) => {
		const [x, y] = [keys[a]!, keys[b]!];
		if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
		return sign * (x - y) || a - b;
	});
}
