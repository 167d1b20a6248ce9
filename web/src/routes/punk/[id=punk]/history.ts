/** A punk's history as one chart: values with their interval, asks and bids while they stand, sales as points. */
import type { Schemas } from '$lib/api/client';
import { aligned, type Chart } from '$lib/charts/series';
import { eth } from '$lib/format/numbers';

type OfferPeriod = Schemas['OfferPeriod'];

const seconds = (instant: string) => Date.parse(instant) / 1000;

export function historyChart(history: Schemas['HistoryDocument'], until: number): Chart {
	const values = history.values;
	const times = values.map(({ as_of }) => seconds(as_of));
	// Nothing before the first value is drawn: there is no value to compare it with.
	const begin = times[0] ?? -Infinity;
	const asks = steps(history.asks, begin, until);
	const bids = steps(history.bids, begin, until);
	const sales = history.sales.filter(({ time, price }) => seconds(time) >= begin && price.eth > 0);
	const points = (valid: boolean) => {
		const matching = sales.filter((sale) => sale.valid === valid);
		return { times: matching.map(({ time }) => seconds(time)), values: matching.map(({ price }) => price.eth) };
	};
	const { times: all, values: columns } = aligned([
		{ times, values: values.map(({ hi80_eth }) => hi80_eth) },
		{ times, values: values.map(({ lo80_eth }) => lo80_eth) },
		{ times, values: values.map(({ value_eth }) => value_eth) },
		asks,
		bids,
		points(true),
		points(false)
	]);
	const [hi = [], lo = [], value = [], , , sold = [], excluded = []] = columns;
	return {
		times: all,
		lines: [
			{ name: '80 % upper', tone: 'band', values: hi, edge: true },
			{ name: '80 % lower', tone: 'band', values: lo, edge: true },
			{ name: 'Value', tone: 'value', values: value },
			...(asks.times.length ? [{ name: 'Ask', tone: 'ask' as const, values: carryForward(all, asks), steps: true }] : []),
			...(bids.times.length ? [{ name: 'Bid', tone: 'bid' as const, values: carryForward(all, bids), steps: true, dashed: true }] : []),
			...(sold.some((one) => one !== null) ? [{ name: 'Sale', tone: 'ink' as const, values: sold, points: true }] : []),
			...(excluded.some((one) => one !== null) ? [{ name: 'Excluded sale', tone: 'soft' as const, values: excluded, points: true }] : [])
		],
		band: [0, 1],
		format: (amount) => eth(amount)
	};
}

interface Steps {
	times: number[];
	values: (number | null)[];
}

/** Each start with its price, each end with null; an offer ends at the latest where the next one starts. */
function steps(offers: readonly OfferPeriod[], begin: number, until: number): Steps {
	const at = new Map<number, number | null>();
	for (const { start, end, price } of offers) {
		const to = end === null ? until : seconds(end);
		if (to < begin) continue;
		at.set(Math.max(seconds(start), begin), price.eth);
		if (end !== null && !at.has(to)) at.set(to, null);
	}
	if (at.size > 0 && offers.at(-1)?.end === null) at.set(until, offers.at(-1)!.price.eth);
	const times = [...at.keys()].sort((a, b) => a - b);
	return { times, values: times.map((time) => at.get(time) ?? null) };
}

/** Repeats each step’s value at every later time of the chart, up to the next step. */
function carryForward(times: readonly number[], { times: starts, values }: Steps): (number | null)[] {
	let next = 0;
	let current: number | null = null;
	return times.map((time) => {
		while (next < starts.length && starts[next]! <= time) current = values[next++] ?? null;
		return current;
	});
}
