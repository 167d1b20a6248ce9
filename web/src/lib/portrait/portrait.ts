/** A punk's portrait, drawn from its type, skin and traits alone, without a request. */
import { BACKGROUND, head, SIZE, type Layer } from './heads';
import { WORN } from './wearing';

export interface Looks {
	type: string | null;
	skin: string | null;
	traits: readonly string[];
}

/** The colour of each of the 24 × 24 pixels, row by row; null where the background shows through. */
export function pixels({ type, skin, traits }: Looks): (string | null)[] {
	const grid: (string | null)[] = new Array(SIZE * SIZE).fill(null);
	for (const layer of head(type, skin)) paint(grid, layer, 0);
	const worn = traits.flatMap((name) => WORN[name] ?? []).sort((a, b) => a.order - b.order);
	for (const { layers, drop } of worn) {
		for (const layer of layers) paint(grid, layer, type === 'Female' ? (drop ?? 0) : 0);
	}
	return grid;
}

/** One SVG path per colour, adjacent pixels merged: five to fifteen elements per portrait. */
export function paths(looks: Looks): { colour: string; d: string }[] {
	const grid = pixels(looks);
	const runs = new Map<string, string[]>();
	for (let y = 0; y < SIZE; y++) {
		for (let x = 0; x < SIZE; ) {
			const colour = grid[y * SIZE + x];
			let end = x + 1;
			while (end < SIZE && grid[y * SIZE + end] === colour) end++;
			if (colour) {
				const pieces = runs.get(colour) ?? [];
				pieces.push(`M${x} ${y}h${end - x}v1h${x - end}z`);
				runs.set(colour, pieces);
			}
			x = end;
		}
	}
	return [...runs].map(([colour, parts]) => ({ colour, d: parts.join('') }));
}

function paint(grid: (string | null)[], [colour, ...rectangles]: Layer, drop: number): void {
	for (const rectangle of rectangles) {
		const [x = 0, y = 0, w = 1, h = 1] = rectangle.split(' ').map(Number);
		for (let row = Math.max(y + drop, 0); row < Math.min(y + drop + h, SIZE); row++) {
			for (let column = Math.max(x, 0); column < Math.min(x + w, SIZE); column++) {
				const at = row * SIZE + column;
				grid[at] = colour.length === 9 ? over(colour, grid[at] ?? BACKGROUND) : colour;
			}
		}
	}
}

/** Blends `#rrggbbaa` over an opaque colour. */
function over(colour: string, below: string): string {
	const alpha = Number.parseInt(colour.slice(7), 16) / 255;
	const channel = (at: number) => {
		const mixed = Number.parseInt(colour.slice(at, at + 2), 16) * alpha + Number.parseInt(below.slice(at, at + 2), 16) * (1 - alpha);
		return Math.round(mixed).toString(16).padStart(2, '0');
	};
	return `#${channel(1)}${channel(3)}${channel(5)}`;
}
