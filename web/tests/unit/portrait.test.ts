import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { head, SIZE } from '$lib/portrait/heads';
import { paths, pixels, svg } from '$lib/portrait/portrait';
import { WORN } from '$lib/portrait/wearing';

const looks = fc.record({
	type: fc.constantFrom('Male', 'Female', 'Zombie', 'Ape', 'Alien', 'Robot', null),
	skin: fc.constantFrom('Albino', 'Light', 'Mid', 'Dark', null),
	traits: fc.uniqueArray(fc.constantFrom(...Object.keys(WORN), 'Unheard-of Hat'), { maxLength: 7 })
});
const COLOUR = /^#[0-9a-f]{6}$/;

describe('portraits', () => {
	it('know all 87 traits', () => expect(Object.keys(WORN)).toHaveLength(87));
	it('are the same for the same facts, 24 × 24, in opaque colours', () => {
		fc.assert(
			fc.property(looks, (of) => {
				const field = pixels(of);
				expect(field).toEqual(pixels(of));
				expect(field).toHaveLength(SIZE * SIZE);
				expect(field.filter((colour) => colour !== null && !COLOUR.test(colour))).toEqual([]);
				expect(field.some((colour) => colour !== null)).toBe(true);
			})
		);
	});
	it('draw every pixel once: the paths are the field', () => {
		fc.assert(
			fc.property(looks, (of) => {
				const drawn: (string | null)[] = new Array(SIZE * SIZE).fill(null);
				for (const { colour, d } of paths(of)) {
					for (const [, x, y, w] of d.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
						for (let at = 0; at < Number(w); at++) {
							expect(drawn[Number(y) * SIZE + Number(x) + at]).toBeNull();
							drawn[Number(y) * SIZE + Number(x) + at] = colour;
						}
					}
				}
				expect(drawn).toEqual(pixels(of));
			})
		);
	});
	it('show each trait', () => {
		for (const name of Object.keys(WORN)) {
			const bare = { type: 'Male', skin: 'Light', traits: [] };
			expect(pixels({ ...bare, traits: [name] }), name).not.toEqual(pixels(bare));
		}
	});
	it('tell types and skins apart', () => {
		const kinds = ['Zombie', 'Ape', 'Alien', null].map((type) => svg({ type, skin: null, traits: [] }));
		const female = svg({ type: 'Female', skin: 'Mid', traits: [] });
		const skins = ['Albino', 'Light', 'Mid', 'Dark'].map((skin) => svg({ type: 'Male', skin, traits: [] }));
		expect(new Set([...kinds, ...skins, female]).size).toBe(9);
		expect(head('Robot', null).length).toBeGreaterThan(0);
	});
});
