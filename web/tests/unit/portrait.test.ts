import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { head, SIZE } from '$lib/portrait/heads';
import { paths, pixels, type Looks } from '$lib/portrait/portrait';
import { WORN } from '$lib/portrait/wearing';

const looks = fc.record({
	type: fc.constantFrom('Male', 'Female', 'Zombie', 'Ape', 'Alien', 'Robot', null),
	skin: fc.constantFrom('Albino', 'Light', 'Mid', 'Dark', null),
	traits: fc.uniqueArray(fc.constantFrom(...Object.keys(WORN), 'Unheard-of Hat'), { maxLength: 7 })
});
const drawing = (of: Looks) => JSON.stringify(paths(of));
const COLOUR = /^#[0-9a-f]{6}$/;

describe('portraits', () => {
	it('know all 87 traits', () => expect(Object.keys(WORN)).toHaveLength(87));
	it('are deterministic, 24 × 24, in opaque colours', () => {
		fc.assert(
			fc.property(looks, (of) => {
				const grid = pixels(of);
				expect(grid).toEqual(pixels(of));
				expect(grid).toHaveLength(SIZE * SIZE);
				expect(grid.filter((colour) => colour !== null && !COLOUR.test(colour))).toEqual([]);
				expect(grid.some((colour) => colour !== null)).toBe(true);
			})
		);
	});
	it('draw every pixel once, as paths', () => {
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
	it('differ by type and skin', () => {
		const kinds = ['Zombie', 'Ape', 'Alien', null].map((type) => drawing({ type, skin: null, traits: [] }));
		const female = drawing({ type: 'Female', skin: 'Mid', traits: [] });
		const skins = ['Albino', 'Light', 'Mid', 'Dark'].map((skin) => drawing({ type: 'Male', skin, traits: [] }));
		expect(new Set([...kinds, ...skins, female]).size).toBe(9);
		expect(head('Robot', null).length).toBeGreaterThan(0);
	});
});
