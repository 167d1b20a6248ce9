import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { logPosition, logTicks, ticks } from '$lib/charts/scale';
import { aligned, last, sampledRows } from '$lib/charts/series';
import { historyChart } from '../../src/routes/punk/[id=punk]/history';

describe('scales', () => {
	it('map a log range to 0..1 in order', () => {
		fc.assert(fc.property(fc.double({ min: 0.01, max: 1e6, noNaN: true }), fc.double({ min: 0.01, max: 1e6, noNaN: true }), (a, b) => {
			const [x, y] = [logPosition(a, 1, 100), logPosition(b, 1, 100)];
			return x >= 0 && x <= 1 && (a < b ? x <= y : x >= y);
		}));
	});
	it('give a few round ticks within the range', () => {
		fc.assert(fc.property(fc.double({ min: -1e5, max: 1e5, noNaN: true }), fc.double({ min: 0.01, max: 1e5, noNaN: true }), (low, span) => {
			const marks = ticks(low, low + span);
			return marks.length <= 8 && marks.every((at) => at >= low - span * 1e-6 && at <= low + span * 1.0001);
		}));
		expect(logTicks(20, 60)).toEqual([20, 30, 40, 50]);
	});
});

describe('series', () => {
	it('align on one time axis and keep each value at its time', () => {
		const { times, values } = aligned([{ times: [1, 3], values: [10, 30] }, { times: [2, 3], values: [null, 7] }]);
		expect([times, values]).toEqual([[1, 2, 3], [[10, null, 30], [null, null, 7]]]);
	});
	it('sample at most the given number of rows, first and last included', () => {
		fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), (length) => {
			const rows = sampledRows(length, 60);
			return rows.length === Math.min(length, 60) && rows[0] === 0 && rows.at(-1) === length - 1;
		}));
	});
	it('find the last value', () => expect([last([1, null, 3, null]), last([null]), last([])]).toEqual([3, null, null]));
	it('draw asks from start to end', () => {
		const at = (day: number) => `2025-06-0${day}T00:00:00Z`;
		const money = (eth: number) => ({ eth, wei: '0' });
		const chart = historyChart(
			{ punk_id: 1, start: null, end: null, step_seconds: null, truncated: [], degraded: [], bids: [], sales: [],
				values: [1, 2, 3, 4].map((day) => ({ generation_id: day, model_id: 'm', as_of: at(day), value_eth: 10, lo80_eth: 9, hi80_eth: 11 })),
				asks: [{ price: money(12), by: null, start: at(2), end: at(3), ended_by: 'delisted' }, { price: money(13), by: null, start: at(4), end: null, ended_by: null }] } as never,
			Date.parse(at(5)) / 1000
		);
		const ask = chart.lines.find(({ name }) => name === 'Ask');
		expect(chart.times.map((time) => new Date(time * 1000).getUTCDate())).toEqual([1, 2, 3, 4, 5]);
		expect(ask?.values).toEqual([null, 12, null, 13, 13]);
		expect(chart.lines.some(({ name }) => name === 'Bid' || name === 'Sale')).toBe(false);
	});
});
