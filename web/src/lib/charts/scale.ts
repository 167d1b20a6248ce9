/** Scales and ticks of the drawings that are made on the server. */

/** Where `value` lies between `low` and `high` by ratio: 0 to 1, kept inside. */
export function byRatio(value: number, low: number, high: number): number {
	const place = Math.log(value / low) / Math.log(high / low);
	return Math.min(1, Math.max(0, place));
}

export function between(value: number, low: number, high: number): number {
	return high === low ? 0.5 : Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** Round numbers that divide a range into about `count` steps: 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count = 5): number[] {
	const span = high - low;
	if (!(span > 0) || !Number.isFinite(span)) return [low];
	const raw = span / count;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw)!;
	const found: number[] = [];
	for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
	return found;
}

/** Round numbers for a range read by ratio. */
export function ratioTicks(low: number, high: number): number[] {
	if (high / low < 2) return ticks(low, high, 4);
	const found: number[] = [];
	for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
		for (const n of high / low > 30 ? [1, 3] : [1, 1.5, 2, 3, 4, 5, 7]) {
			const at = Number((n * 10 ** power).toPrecision(6));
			if (at >= low && at <= high) found.push(at);
		}
	}
	return found.length >= 2 ? found : ticks(low, high, 3);
}
