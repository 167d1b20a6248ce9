/** What a time chart draws, said without the library that draws it. Times are seconds, amounts whatever `unit` says. */

export type Tone = 'value' | 'ask' | 'bid' | 'ink' | 'soft' | 'band';

export interface Line {
	name: string;
	tone: Tone;
	values: readonly (number | null)[];
	/** Drawn as steps that hold until the next value. */
	steps?: boolean;
	/** Points alone, without a line. */
	points?: 'ring' | 'diamond' | 'triangle';
	dashed?: boolean;
	width?: number;
	/** Not in the legend and not read out: an edge of a band. */
	edge?: boolean;
	/** On an axis of its own, at the right, drawn as bars. */
	bars?: boolean;
}

export interface Chart {
	times: readonly number[];
	lines: readonly Line[];
	/** Index of the upper and the lower edge in `lines`. */
	band?: [upper: number, lower: number];
	format: (value: number) => string;
	/** Ratios instead of differences on the vertical axis. */
	ratio?: boolean;
	zero?: boolean;
	/** The horizontal axis counts, it does not tell the time. */
	counted?: boolean;
	/** A horizontal line with a name. */
	mark?: { at: number; name: string };
}

/** Several series with times of their own on one axis of times. */
export function aligned(series: readonly { times: readonly number[]; values: readonly (number | null)[] }[]): {
	times: number[];
	values: (number | null)[][];
} {
	const times = [...new Set(series.flatMap(({ times }) => times))].sort((a, b) => a - b);
	const place = new Map(times.map((time, at) => [time, at]));
	return {
		times,
		values: series.map((one) => {
			const column: (number | null)[] = new Array(times.length).fill(null);
			one.times.forEach((time, at) => (column[place.get(time)!] = one.values[at] ?? null));
			return column;
		})
	};
}

/** Rows for people who read a table: at most `most`, evenly picked, the last one always. */
export function thinned(length: number, most = 60): number[] {
	if (length <= most) return Array.from({ length }, (_, at) => at);
	const step = (length - 1) / (most - 1);
	return Array.from({ length: most }, (_, at) => Math.round(at * step));
}

/** The last value of a line that is there. */
export function last(values: readonly (number | null)[]): number | null {
	for (let at = values.length - 1; at >= 0; at--) if (values[at] !== null && values[at] !== undefined) return values[at] ?? null;
	return null;
}
