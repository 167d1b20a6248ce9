/** Scales and ticks of the charts that the server renders. */

/** Position of `value` between `low` and `high` on a log scale, clamped to 0..1. */
export function logPosition(value: number, low: number, high: number): number {
	return clamp(Math.log(value / low) / Math.log(high / low));
}

/** The same on a linear scale; 0.5 on an empty range. */
export function linearPosition(value: number, low: number, high: number): number {
	return high === low ? 0.5 : clamp((value - low) / (high - low));
}

const clamp = (share: number) => Math.min(1, Math.max(0, share));

/** Round numbers that divide a range into about `count` steps: 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count = 5): number[] {
	const span = high - low;
	if (!(span > 0) || !Number.isFinite(span)) return [low];
	const raw = span / count;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw)!;
	const marks: number[] = [];
	for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) marks.push(Number(at.toPrecision(12)));
	return marks;
}

/** Round numbers for a range on a log scale. */
export function logTicks(low: number, high: number): number[] {
	if (high / low < 2) return ticks(low, high, 4);
	const marks: number[] = [];
	for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
		for (const n of high / low > 30 ? [1, 3] : [1, 1.5, 2, 3, 4, 5, 7]) {
			const at = Number((n * 10 ** power).toPrecision(6));
			if (at >= low && at <= high) marks.push(at);
		}
	}
	return marks.length >= 2 ? marks : ticks(low, high, 3);
}
