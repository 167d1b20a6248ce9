/** Instants in the reader's time zone or UTC, and ages. */

export type Zone = 'UTC' | undefined;

const cache = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = JSON.stringify(options);
	let cached = cache.get(key);
	if (!cached) {
		cached = new Intl.DateTimeFormat('en-GB', options);
		cache.set(key, cached);
	}
	return cached;
}

/** `3 Jun 2025`; in the reader's time zone unless `zone` is given. */
export function day(instant: string | number | Date, zone?: Zone): string {
	return format({ day: 'numeric', month: 'short', year: 'numeric', timeZone: zone }).format(new Date(instant));
}

/** `3 Jun 2025, 14:05`. */
export function moment(instant: string | number | Date, zone?: Zone): string {
	return format({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: zone }).format(new Date(instant));
}

/** `2025-06-03 14:05:09 UTC`, shown on hover. */
export function utc(instant: string | number | Date): string {
	return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `Jun 2025` for `2025-06`; other names unchanged. */
export function month(name: string): string {
	return /^\d{4}-\d{2}$/.test(name) ? format({ month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${name}-01T00:00:00Z`)) : name;
}

const STEPS: [limit: number, seconds: number, unit: string][] = [
	[90, 1, 's'],
	[90 * 60, 60, 'min'],
	[36 * 3600, 3600, 'h'],
	[60 * 86_400, 86_400, 'days'],
	[730 * 86_400, 30.44 * 86_400, 'months'],
	[Infinity, 365.25 * 86_400, 'years']
];

/** `12 min`, `3 days`: a duration in one unit. */
export function age(seconds: number): string {
	const length = Math.max(0, seconds);
	const [, size, unit] = STEPS.find(([limit]) => length < limit)!;
	return `${Math.round(length / size)} ${unit}`;
}
