/** Heads on a grid of 24 × 24 pixels: each type of punk without its traits. */

/** One colour, then rectangles `x y w h`, painted in order; w and h default to 1. */
export type Layer = readonly [colour: string, ...rectangles: string[]];

export const SIZE = 24;
export const BACKGROUND = '#638596';
const INK = '#000000';

interface Tone {
	skin: string;
	shade: string;
	light: string;
	lips: string;
	eyes: string;
}

const TONES: Record<string, Tone> = {
	Albino: { skin: '#ead9d9', shade: '#c9b2b2', light: '#ffffff', lips: '#711010', eyes: '#a58d8d' },
	Light: { skin: '#dbb180', shade: '#b9885a', light: '#e7cba9', lips: '#711010', eyes: '#a66e2c' },
	Mid: { skin: '#ae8b61', shade: '#8a6540', light: '#c9a77b', lips: '#5f1d09', eyes: '#86581e' },
	Dark: { skin: '#713f1d', shade: '#562600', light: '#8b532c', lips: '#4a1201', eyes: '#4a1c05' },
	Zombie: { skin: '#7da269', shade: '#5e7253', light: '#9bbc88', lips: '#000000', eyes: '#ff0000' },
	Ape: { skin: '#856f56', shade: '#6a563f', light: '#a98c6b', lips: '#000000', eyes: '#6a563f' },
	Alien: { skin: '#c8fbfb', shade: '#9be0e0', light: '#f1ffff', lips: '#000000', eyes: '#75bdbd' }
};
const UNKNOWN: Tone = { skin: '#8fa4ae', shade: '#738893', light: '#a7bac3', lips: '#3d4d55', eyes: '#55676f' };

export function toneOf(type: string | null, skin: string | null): Tone {
	return TONES[skin ?? ''] ?? TONES[type ?? ''] ?? UNKNOWN;
}

export function head(type: string | null, skin: string | null): Layer[] {
	const tone = toneOf(type, skin);
	return type === 'Female' ? female(tone) : type === 'Ape' ? ape(tone) : type === 'Alien' ? alien(tone) : male(tone, type);
}

function male(tone: Tone, type: string | null): Layer[] {
	const layers: Layer[] = [
		[INK, '8 5 8 1', '7 6 1 18', '16 6 1 12', '6 11 1 3', '7 14 1 1', '15 18 1 1', '11 19 4 1', '12 20 1 4'],
		[tone.skin, '8 6 8 12', '8 18 7 1', '8 19 4 5', '7 11 1 2', '8 18 3 6'],
		[tone.light, '9 7 2 1', '9 8'],
		[tone.shade, '9 10 2 1', '13 10 2 1', '8 19 3 1'],
		[tone.eyes, '9 11', '13 11'],
		[INK, '10 11', '14 11', '12 14 1 1', '10 16 4 1']
	];
	if (type === 'Zombie') layers.push([tone.shade, '9 12 2 1', '13 12 2 1', '9 15 1 2', '14 15 1 1'], ['#ff0000', '10 11', '14 11']);
	return layers;
}

function female(tone: Tone): Layer[] {
	return [
		[INK, '9 7 6 1', '8 8', '15 8', '7 9 1 9', '16 9 1 7', '6 12 1 2', '15 16 1 1', '14 17', '8 18', '10 18 4 1', '9 18 1 6', '12 19 1 5'],
		[tone.skin, '9 8 6 10', '8 9 8 7', '8 16 7 1', '8 17 6 1', '10 18 2 6', '7 12 1 2'],
		[INK, '8 17', '14 17', '12 18 2 1'],
		[tone.light, '10 9 2 1', '10 10'],
		[tone.shade, '9 11 2 1', '13 11 2 1', '10 19 2 1'],
		[INK, '9 11', '13 11', '10 12', '14 12', '12 14'],
		[tone.eyes, '9 12', '13 12'],
		[tone.lips, '11 16 3 1']
	];
}

function ape(tone: Tone): Layer[] {
	const fur = '#352410';
	return [
		[INK, '8 4 8 1', '7 5 1 19', '16 5 1 13', '6 11 1 3', '15 18 1 1', '11 19 4 1', '12 20 1 4'],
		[fur, '8 5 8 14', '8 19 4 5', '7 11 1 2'],
		[tone.skin, '9 8 3 5', '12 8 4 5', '10 13 6 5', '11 18 4 1'],
		[fur, '12 8 1 1'],
		[tone.shade, '9 10 2 1', '13 10 2 1'],
		[INK, '10 11', '14 11', '12 14', '14 14', '11 16 4 1'],
		[tone.light, '9 11', '13 11']
	];
}

function alien(tone: Tone): Layer[] {
	return [...male(tone, 'Alien'), [tone.shade, '9 12 2 1', '13 12 2 1', '15 7 1 8'], [INK, '9 11 2 1', '13 11 2 1']];
}
