/** A punk's portrait from its type, skin and traits: the same facts give the same picture, without a request. */
import { BACKGROUND, head, SIZE, type Layer } from './heads';
import { WORN } from './wearing';

export interface Looks {
	type: string | null;
	skin: string | null;
	traits: readonly string[];
}

/** The colour of each of the 24 × 24 pixels, row by row; null where the background shows. */
export function pixels({ type, skin, traits }: Looks): (string | null)[] {
	const field: (string | null)[] = new Array(SIZE * SIZE).fill(null);
	for (const layer of head(type, skin)) paint(field, layer, 0);
	const worn = traits.flatMap((name) => WORN[name] ?? []).sort((a, b) => a.order - b.order);
	for (const { layers, drop } of worn) {
		for (const layer of layers) paint(field, layer, type === 'Female' ? (drop ?? 0) : 0);
	}
	return field;
}

/** One path for each colour, its pixels joined to runs: a portrait is five to fifteen elements. */
export function paths(looks: Looks): { colour: string; d: string }[] {
	const field = pixels(looks);
	const runs = new Map<string, string[]>();
	for (let y = 0; y < SIZE; y++) {
		for (let x = 0; x < SIZE; ) {
			const colour = field[y * SIZE + x];
			let end = x + 1;
			while (end < SIZE && field[y * SIZE + end] === colour) end++;
			if (colour) {
				const known = runs.get(colour) ?? [];
				known.push(`M${x} ${y}h${end - x}v1h${x - end}z`);
				runs.set(colour, known);
			}
			x = end;
		}
	}
	return [...runs].map(([colour, parts]) => ({ colour, d: parts.join('') }));
}

/** The whole picture as a document, for where an element tree would be too much. */
export function svg(looks: Looks, background: string | null = BACKGROUND): string {
	const ground = background ? `<path fill="${background}" d="M0 0h${SIZE}v${SIZE}H0z"/>` : '';
	const drawn = paths(looks).map(({ colour, d }) => `<path fill="${colour}" d="${d}"/>`);
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" shape-rendering="crispEdges">${ground}${drawn.join('')}</svg>`;
}

function paint(field: (string | null)[], [colour, ...rectangles]: Layer, drop: number): void {
	for (const rectangle of rectangles) {
		const [x = 0, y = 0, w = 1, h = 1] = rectangle.split(' ').map(Number);
		for (let row = Math.max(y + drop, 0); row < Math.min(y + drop + h, SIZE); row++) {
			for (let column = Math.max(x, 0); column < Math.min(x + w, SIZE); column++) {
				const at = row * SIZE + column;
				field[at] = colour.length === 9 ? over(colour, field[at] ?? BACKGROUND) : colour;
			}
		}
	}
}

/** `#rrggbbaa` laid over an opaque colour. */
function over(colour: string, below: string): string {
	const alpha = Number.parseInt(colour.slice(7), 16) / 255;
	const channel = (at: number) => {
		const mixed = Number.parseInt(colour.slice(at, at + 2), 16) * alpha + Number.parseInt(below.slice(at, at + 2), 16) * (1 - alpha);
		return Math.round(mixed).toString(16).padStart(2, '0');
	};
	return `#${channel(1)}${channel(3)}${channel(5)}`;
}
