/** A punk's history as one chart: values with their interval, asks and bids from beginning to end, sales as points. */
import type { Schemas } from '$lib/api/client';
import { aligned, type Chart } from '$lib/charts/series';
import { eth } from '$lib/format/numbers';

type Standing = Schemas['Standing'];

const seconds = (instant: string) => Date.parse(instant) / 1000;

export function historyChart(history: Schemas['HistoryDocument'], until: number): Chart {
	const values = history.values;
	const times = values.map(({ as_of }) => seconds(as_of));
	// What stood before the first value is not drawn: there is nothing to compare it with.
	const begin = times[0] ?? -Infinity;
	const asks = steps(history.asks, begin, until);
	const bids = steps(history.bids, begin, until);
	const sales = history.sales.filter(({ time, price }) => seconds(time) >= begin && price.eth > 0);
	const of = (valid: boolean) => {
		const some = sales.filter((sale) => sale.valid === valid);
		return { times: some.map(({ time }) => seconds(time)), values: some.map(({ price }) => price.eth) };
	};
	const { times: all, values: columns } = aligned([
		{ times, values: values.map(({ hi80_eth }) => hi80_eth) },
		{ times, values: values.map(({ lo80_eth }) => lo80_eth) },
		{ times, values: values.map(({ value_eth }) => value_eth) },
		asks,
		bids,
		of(true),
		of(false)
	]);
	const [hi = [], lo = [], value = [], ask = [], bid = [], sold = [], excluded = []] = columns;
	return {
		times: all,
		lines: [
			{ name: 'upper end', tone: 'band', values: hi, edge: true },
			{ name: 'lower end', tone: 'band', values: lo, edge: true },
			{ name: 'Value', tone: 'value', values: value },
			...(asks.times.length ? [{ name: 'Ask', tone: 'ask' as const, values: held(ask, all, asks), steps: true }] : []),
			...(bids.times.length ? [{ name: 'Bid', tone: 'bid' as const, values: held(bid, all, bids), steps: true, dashed: true }] : []),
			...(sold.some((one) => one !== null) ? [{ name: 'Sale', tone: 'ink' as const, values: sold, points: 'ring' as const }] : []),
			...(excluded.some((one) => one !== null) ? [{ name: 'Sale that does not count', tone: 'soft' as const, values: excluded, points: 'ring' as const }] : [])
		],
		band: [0, 1],
		format: (amount) => eth(amount)
	};
}

interface Steps {
	times: number[];
	values: (number | null)[];
}

/** Beginnings with their price and ends with null; overlapping ones end where the next begins. */
function steps(standing: readonly Standing[], begin: number, until: number): Steps {
	const at = new Map<number, number | null>();
	for (const { start, end, price } of standing) {
		const to = end === null ? until : seconds(end);
		if (to < begin) continue;
		at.set(Math.max(seconds(start), begin), price.eth);
		if (end !== null && !at.has(to)) at.set(to, null);
	}
	if (at.size > 0 && standing.at(-1)?.end === null) at.set(until, standing.at(-1)!.price.eth);
	const times = [...at.keys()].sort((a, b) => a - b);
	return { times, values: times.map((time) => at.get(time) ?? null) };
}

/** Carried on to every time of the chart between two steps. */
function held(column: readonly (number | null)[], times: readonly number[], { times: own, values }: Steps): (number | null)[] {
	let next = 0;
	let current: number | null = null;
	return column.map((_, at) => {
		while (next < own.length && own[next]! <= times[at]!) current = values[next++] ?? null;
		return current;
	});
}
