/** The content of a time chart, independent of the charting library. Times are UTC seconds. */

export type Tone = 'value' | 'ask' | 'bid' | 'ink' | 'soft' | 'band';

export interface Line {
	name: string;
	tone: Tone;
	values: readonly (number | null)[];
	/** Drawn as steps: a value holds until the next one. */
	steps?: boolean;
	/** Drawn as rings without a line. */
	points?: boolean;
	dashed?: boolean;
	width?: number;
	/** An edge of a band: neither in the legend nor in the readout. */
	edge?: boolean;
	/** Drawn as bars on a separate, hidden axis. */
	bars?: boolean;
}

export interface Chart {
	times: readonly number[];
	lines: readonly Line[];
	/** Indices of the upper and the lower edge in `lines`. */
	band?: [upper: number, lower: number];
	format: (value: number) => string;
	logScale?: boolean;
	/** Whether the vertical axis includes zero. */
	zero?: boolean;
	/** `times` are step numbers, not instants. */
	stepAxis?: boolean;
	/** A labelled horizontal line. */
	threshold?: { at: number; name: string };
}

/** Several series, each with its own times, on one common time axis; null where a series has no value. */
export function aligned(series: readonly { times: readonly number[]; values: readonly (number | null)[] }[]): {
	times: number[];
	values: (number | null)[][];
} {
	const times = [...new Set(series.flatMap(({ times }) => times))].sort((a, b) => a - b);
	const index = new Map(times.map((time, at) => [time, at]));
	return {
		times,
		values: series.map((one) => {
			const column: (number | null)[] = new Array(times.length).fill(null);
			one.times.forEach((time, at) => (column[index.get(time)!] = one.values[at] ?? null));
			return column;
		})
	};
}

/** Row indices for a data table: at most `most`, evenly spaced, first and last included. */
export function sampledRows(length: number, most = 60): number[] {
	if (length <= most) return Array.from({ length }, (_, at) => at);
	const step = (length - 1) / (most - 1);
	return Array.from({ length: most }, (_, at) => Math.round(at * step));
}

/** The last value that is not null. */
export function last(values: readonly (number | null)[]): number | null {
	for (let at = values.length - 1; at >= 0; at--) if (values[at] !== null && values[at] !== undefined) return values[at] ?? null;
	return null;
}
