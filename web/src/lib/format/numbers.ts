/** Numbers for display. Amounts are ETH floats, shares are fractions (0.05 is five percent). */

const MINUS = '\u2212';
const formats = new Map<string, Intl.NumberFormat>();

function format(low: number, high: number): Intl.NumberFormat {
	const key = `${low}|${high}`;
	let cached = formats.get(key);
	if (!cached) {
		cached = new Intl.NumberFormat('en-US', { minimumFractionDigits: low, maximumFractionDigits: high });
		formats.set(key, cached);
	}
	return cached;
}

/** Replaces the hyphen with a minus sign; zero has none. */
const signed = (text: string) => text.replace(/^-(?=0(?:\.0*)?$)/, '').replace('-', MINUS);

/** `41.2`, `3,970`, `0.084`: about four significant digits. */
export function eth(amount: number | null | undefined): string {
	if (amount === null || amount === undefined || !Number.isFinite(amount)) return '–';
	const size = Math.abs(amount);
	const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 0.1 ? 2 : size === 0 ? 0 : 3;
	return signed(format(Math.min(digits, 2), digits).format(amount));
}

/** `+1.20`, `−0.35`. */
export function change(amount: number): string {
	return amount > 0 ? `+${eth(amount)}` : eth(amount);
}

export function usd(amount: number, rate: number | null | undefined): string | null {
	if (!rate) return null;
	const dollars = amount * rate;
	return signed(`$${format(0, Math.abs(dollars) < 100 ? 2 : 0).format(dollars)}`);
}

export function whole(count: number | null | undefined): string {
	return count === null || count === undefined ? '–' : signed(format(0, 0).format(count));
}

/** `8.4 %` for 0.084, with a non-breaking space. */
export function percent(share: number | null | undefined, digits = 1): string {
	if (share === null || share === undefined || !Number.isFinite(share)) return '–';
	return `${signed(format(digits, digits).format(share * 100))}\u202f%`;
}

export function signedPercent(share: number | null | undefined, digits = 1): string {
	const text = percent(share, digits);
	return share && share > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** `+8.4 pp` for 0.084: a difference between two shares, in percentage points. */
export function points(share: number | null | undefined, digits = 1, unit = true): string {
	if (share === null || share === undefined || !Number.isFinite(share)) return '–';
	const text = signed(format(digits, digits).format(share * 100));
	return `${share > 0 && /[1-9]/.test(text) ? '+' : ''}${text}${unit ? '\u202fpp' : ''}`;
}

export function decimal(value: number | null | undefined, digits = 2): string {
	return value === null || value === undefined || !Number.isFinite(value) ? '–' : signed(format(digits, digits).format(value));
}

/** An e-value: large ones as a power of ten. */
export function evidence(value: number): string {
	return value >= 1e4 ? `10^${Math.floor(Math.log10(value))}` : value < 0.01 ? '< 0.01' : decimal(value, value < 10 ? 2 : 0);
}

/** Start and end of an address, hash or id. */
export function short(text: string | null | undefined, head = 6, tail = 4): string {
	if (!text) return '–';
	return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
	return `${whole(count)} ${count === 1 ? one : many}`;
}
