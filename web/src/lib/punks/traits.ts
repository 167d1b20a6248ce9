/** Looks that show a single trait, for lists of traits. */
import type { Looks } from '$lib/portrait/portrait';

const ON_FEMALE = new Set([
	'Black Lipstick', 'Blonde Bob', 'Blonde Short', 'Blue Eye Shadow', 'Choker', 'Clown Eyes Blue', 'Dark Hair', 'Green Eye Shadow', 'Half Shaved', 'Hot Lipstick',
	'Orange Side', 'Pigtails', 'Pilot Helmet', 'Pink With Hat', 'Purple Eye Shadow', 'Purple Lipstick', 'Straight Hair', 'Straight Hair Blonde', 'Straight Hair Dark',
	'Tassle Hat', 'Tiara', 'Welding Goggles', 'Wild Blonde', 'Wild White Hair'
]);

export function traitLooks({ kind, name }: { kind: string; name: string }): Looks {
	if (kind === 'type') return { type: name, skin: name === 'Male' || name === 'Female' ? 'Mid' : null, traits: [] };
	if (kind === 'skin') return { type: 'Male', skin: name, traits: [] };
	if (kind === 'count') return { type: null, skin: null, traits: [] };
	return { type: ON_FEMALE.has(name) ? 'Female' : 'Male', skin: 'Light', traits: [name] };
}
