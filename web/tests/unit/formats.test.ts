import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { change, eth, evidence, percent, plural, points, short, signedPercent, usd } from '$lib/format/numbers';
import { age, day, moment, month, utc } from '$lib/format/times';

describe('amounts', () => {
	it.each([[41.2, '41.20'], [3970.4, '3,970'], [152.34, '152.3'], [0.0839, '0.084'], [0, '0'], [-1.5, '−1.50'], [null, '–'], [undefined, '–'], [NaN, '–'], [Infinity, '–']])('%s ETH is %s', (amount, text) => expect(eth(amount)).toBe(text));
	it('signs changes, but not zero', () => expect([change(1.2), change(-0.35), change(0)]).toEqual(['+1.20', '−0.35', '0']));
	it('gives dollars only with a rate', () => expect([usd(2, 2813.4), usd(0.01, 2813.4), usd(2, null)]).toEqual(['$5,627', '$28.13', null]));
	it('never loses more than half a unit of the last digit shown', () => {
		fc.assert(fc.property(fc.double({ min: 1, max: 99_999, noNaN: true }), (amount) => Math.abs(Number(eth(amount).replaceAll(',', '')) - amount) <= (amount >= 1000 ? 0.5 : amount >= 100 ? 0.05 : 0.005) + 1e-9));
	});
	it('shows shares as percent', () => expect([percent(0.084), percent(null), signedPercent(0.1), signedPercent(-0.1), percent(0.5, 0), percent(-0.0001), signedPercent(0.0001)]).toEqual(['8.4\u202f%', '–', '+10.0\u202f%', '−10.0\u202f%', '50\u202f%', '0.0\u202f%', '0.0\u202f%']));
	it('shows differences of shares in percentage points', () => expect([points(0.084), points(-0.1), points(0), points(-0.0001), points(0.5, 0, false), points(null)]).toEqual(['+8.4\u202fpp', '−10.0\u202fpp', '0.0\u202fpp', '0.0\u202fpp', '+50', '–']));
	it('shortens only long texts', () => expect([short('0x1234567890abcdef'), short('0x12'), short(null)]).toEqual(['0x1234…cdef', '0x12', '–']));
	it('pluralises', () => expect([plural(1, 'punk'), plural(10_000, 'punk')]).toEqual(['1 punk', '10,000 punks']));
	it('shows large e-values as powers of ten', () => expect([evidence(0.001), evidence(1.5), evidence(20), evidence(54_000)]).toEqual(['< 0.01', '1.50', '20', '10^4']));
});

describe('times', () => {
	it('shows UTC on hover, whatever the zone', () => expect(utc('2025-06-03T14:05:09.123+02:00')).toBe('2025-06-03 12:05:09 UTC'));
	it('shows days and moments in the given zone', () => expect([day('2025-06-03T23:30:00Z', 'UTC'), moment('2025-06-03T14:05:00Z', 'UTC'), month('2025-06'), month('mid')]).toEqual(['3 Jun 2025', '3 Jun 2025, 14:05', 'Jun 2025', 'mid']));
	it.each([[12, '12 s'], [89, '89 s'], [720, '12 min'], [7200, '2 h'], [86_400 * 3, '3 days'], [86_400 * 200, '7 months'], [86_400 * 900, '2 years'], [-5, '0 s']])('%i seconds are %s', (seconds, text) => expect(age(seconds)).toBe(text));
});
