import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { apply, countActive, NO_FILTERS, parse, SORTS, toParams, type Filters } from '$lib/punks/filters';
import { rowAt, tableOf, type PunkTable } from '$lib/punks/table';

const TYPES = ['Alien', 'Female', 'Male'];
const TRAITS = ['Beanie', '3D Glasses', 'Pipe'];

/** Six punks with value 10 × (id + 1); every other one is for sale. */
const table: PunkTable = tableOf({
	age_seconds: 1, degraded: [], market_as_of: null, count: 6, types: TYPES, skins: ['Dark', 'Light'], traits: TRAITS,
	generation: { generation_id: 3, as_of: '2025-06-01T00:00:00Z' },
	columns: {
		punk_id: [0, 1, 2, 3, 4, 5], type: [0, 1, 2, 1, null, 2], skin: [null, 0, 1, 0, null, 0], traits: [[], [0], [0, 2], [1], [], [0, 1, 2]],
		value_eth: [10, 20, 30, 40, 50, 60], lo80_eth: [9, 15, 28, 30, 49, 50], hi80_eth: [11, 25, 32, 50, 51, 70],
		ask_eth: [12, null, 24, null, 40, null], bid_eth: [null, null, 20, null, null, 1], last_sale_eth: [null, 5, 4, 3, 2, 1], confidence: 'ABCDAB'
	}
} as never);
const ids = (filters: Partial<Filters>) => [...apply(table, { ...NO_FILTERS, ...filters })];

const filters = fc.record<Filters>({
	types: fc.uniqueArray(fc.constantFrom(...TYPES)), skins: fc.uniqueArray(fc.constantFrom('Dark', 'Light')), traits: fc.uniqueArray(fc.constantFrom(...TRAITS, 'Clown & Nose=?')),
	traitCount: fc.option(fc.integer({ min: 0, max: 7 })), listed: fc.boolean(), number: fc.oneof(fc.constant(''), fc.integer({ min: 0, max: 9999 }).map(String)), confidence: fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D')),
	minPrice: fc.option(fc.integer({ min: 0, max: 100 })), maxPrice: fc.option(fc.integer({ min: 0, max: 100 })), minValue: fc.option(fc.integer({ min: 0, max: 100 })), maxValue: fc.option(fc.integer({ min: 0, max: 100 })), minDiscount: fc.option(fc.integer({ min: -50, max: 50 })),
	sort: fc.constantFrom(...SORTS), descending: fc.boolean(), view: fc.constantFrom('grid' as const, 'table' as const)
});

describe('filters', () => {
	it('survive the round trip through a URL', () => {
		fc.assert(fc.property(filters, (of) => { expect(parse(new URLSearchParams(toParams(of).toString()))).toEqual(of); }));
	});
	it('give an empty query string when none is set', () => expect([toParams(NO_FILTERS).toString(), countActive(NO_FILTERS)]).toEqual(['', 0]));
	it('ignore invalid parameters', () => {
		expect(parse(new URLSearchParams('min_value=abc&max_price=&trait_count=-1&sort=evil&order=up&punk=12x&confidence=Z&listed=yes&view=3d&type='))).toEqual(NO_FILTERS);
		fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('type', 'trait', 'min_price', 'sort', 'punk', 'trait_count', 'x'), fc.string())), (pairs) => apply(table, parse(new URLSearchParams(pairs))).length <= 6));
	});
	it('match exactly the punks that meet all of them', () => {
		fc.assert(
			fc.property(filters, (of) => {
				const expected = [0, 1, 2, 3, 4, 5].filter((at) => {
					const punk = rowAt(table, at);
					return (
						(of.types.length === 0 || of.types.includes(punk.looks.type ?? '')) && (of.skins.length === 0 || of.skins.includes(punk.looks.skin ?? '')) && of.traits.every((one) => punk.looks.traits.includes(one)) &&
						(of.traitCount === null || punk.looks.traits.length === of.traitCount) && (!of.listed || punk.ask !== null) && String(punk.id).startsWith(of.number) && (of.confidence.length === 0 || of.confidence.includes(punk.confidence)) &&
						(of.minPrice === null || (punk.ask !== null && punk.ask >= of.minPrice)) && (of.maxPrice === null || (punk.ask !== null && punk.ask <= of.maxPrice)) &&
						(of.minValue === null || punk.value >= of.minValue) && (of.maxValue === null || punk.value <= of.maxValue) && (of.minDiscount === null || (punk.discount !== null && punk.discount >= of.minDiscount / 100))
					);
				});
				expect([...apply(table, of)].sort()).toEqual(expected);
			})
		);
	});
	it('sort both ways, with punks without the sort key last', () => {
		expect(ids({ sort: 'value', descending: true })).toEqual([5, 4, 3, 2, 1, 0]);
		expect(ids({ sort: 'ask' })).toEqual([0, 2, 4, 1, 3, 5]);
		expect(ids({ sort: 'ask', descending: true })).toEqual([4, 2, 0, 1, 3, 5]);
		expect(ids({ sort: 'discount', descending: true })).toEqual([2, 4, 0, 1, 3, 5]);
		expect(ids({ sort: 'width', descending: true }).slice(0, 2)).toEqual([1, 3]);
	});
	it('ignore the case of trait names, and match nothing for unknown names', () => expect([ids({ traits: ['beanie', 'PIPE'] }), ids({ traits: ['Crown'] }), ids({ types: ['Robot'] })]).toEqual([[2, 5], [], []]));
});
