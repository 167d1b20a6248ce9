/**
 * Drawings of the traits, by name: layers painted over a head. Layers of a higher `order` are painted later; ties keep
 * the order of the punk's trait list. Drawn for this site: they suggest a trait and do not copy the collection's images.
 */
import type { Layer } from './heads';

export interface Worn {
	order: number;
	layers: readonly Layer[];
	/** Pixels by which hair and hats, drawn for male heads, move down on the lower female heads. */
	drop?: number;
}

const K = '#000000';
const SKIN_MARKS = 1, BEARD = 2, MOUTH = 3, MAKE_UP = 4, HAIR = 5, EYEWEAR = 6, HAT = 7, HELD = 8, JEWELLERY = 9;

const hair = (...layers: Layer[]): Worn => ({ order: HAIR, layers, drop: 2 });
const long = (...layers: Layer[]): Worn => ({ order: HAIR, layers });
const hat = (...layers: Layer[]): Worn => ({ order: HAT, layers, drop: 1 });
const beard = (...layers: Layer[]): Worn => ({ order: BEARD, layers });
const lips = (colour: string): Worn => ({ order: MOUTH, layers: [[colour, '10 16 4 1', '11 17 2 1']] });
const shadow = (colour: string): Worn => ({ order: MAKE_UP, layers: [[colour, '9 10 2 1', '13 10 2 1', '8 11', '12 11']] });
const eyes = (...layers: Layer[]): Worn => ({ order: EYEWEAR, layers });
const frames = (lens: string, rim = K): Worn =>
	eyes([rim, '7 10 9 1', '8 11 3 2', '13 11 3 2'], [lens, '9 11 1 1', '14 11 1 1', '9 12', '14 12']);
const mohawk = (colour: string): Worn => hair([K, '9 2 1 4', '14 2 1 4', '10 1 4 1'], [colour, '10 2 4 5']);
const straight = (colour: string): Worn =>
	long([K, '8 4 8 1', '6 5 1 15', '17 6 1 13', '7 4', '16 5'], [colour, '8 5 8 2', '7 5 1 15', '8 7 2 2', '16 6 1 13', '15 7 1 2']);
const wild = (colour: string): Worn =>
	hair(
		[K, '8 1 7 1', '6 2 2 1', '15 2 2 1', '5 3 1 3', '17 3 1 3', '4 6 1 6', '18 6 1 5', '5 12 2 1', '17 11'],
		[colour, '8 2 7 5', '6 3 11 3', '5 6 3 5', '15 6 3 4', '6 11 1 1', '9 7 2 1', '13 7']
	);
const fullBeard = (colour: string): Worn =>
	beard([colour, '8 14 1 5', '9 16 1 3', '10 15 5 1', '14 16 2 2', '10 17 4 2', '15 13 1 4'], [K, '10 16 4 1', '10 19 5 1']);

export const WORN: Readonly<Record<string, Worn>> = {
	'Rosy Cheeks': { order: SKIN_MARKS, layers: [['#d66b6b', '8 14 2 1', '14 14 2 1']] },
	Spots: { order: SKIN_MARKS, layers: [['#7a3d1f', '9 8', '12 9', '9 14', '14 13', '10 18', '14 17']] },
	Mole: { order: SKIN_MARKS, layers: [[K, '9 15']] },

	'Shadow Beard': beard(['#00000055', '8 15 2 4', '10 15 5 1', '14 16 2 2', '10 17 4 2']),
	'Normal Beard': fullBeard('#71421f'),
	'Normal Beard Black': fullBeard('#1c1c1c'),
	'Big Beard': beard([K, '7 14 1 6', '16 14 1 6', '8 20', '15 20', '9 21 6 1'], ['#8d5524', '8 14 1 6', '15 14 1 6', '9 15 6 6', '9 20 6 1'], [K, '10 17 4 1']),
	'Luxurious Beard': beard(['#262626', '8 13 1 7', '15 13 1 6', '9 15 6 5', '10 20 4 2'], ['#5a1010', '11 17 3 1']),
	'Front Beard': beard(['#71421f', '10 15 5 1', '10 17 4 4', '9 16 1 3'], [K, '10 16 4 1']),
	'Front Beard Dark': beard(['#1c1c1c', '10 15 5 1', '10 17 4 4', '9 16 1 3'], ['#5a1010', '11 16 3 1']),
	Chinstrap: beard(['#2b1b0e', '8 12 1 7', '9 18 6 1', '15 13 1 5']),
	Goat: beard(['#3b2410', '11 17 3 4']),
	Muttonchops: beard(['#4a2c12', '8 11 1 6', '9 14 1 3', '15 11 1 6']),
	Mustache: beard(['#3b2410', '9 15 6 1'], ['#3b2410', '9 16']),
	Handlebars: beard(['#3b2410', '9 15 6 1', '9 16 1 3', '14 16 1 3']),

	Smile: { order: MOUTH, layers: [[K, '10 16 4 1', '9 15', '14 15']] },
	Frown: { order: MOUTH, layers: [[K, '10 16 4 1', '9 17', '14 17']] },
	'Buck Teeth': { order: MOUTH, layers: [[K, '10 16 4 1'], ['#ffffff', '11 17 2 1'], ['#d0d0d0', '12 17']] },
	'Black Lipstick': lips('#101010'),
	'Purple Lipstick': lips('#a13dd1'),
	'Hot Lipstick': lips('#e0151b'),

	'Blue Eye Shadow': shadow('#2f6bff'),
	'Green Eye Shadow': shadow('#2fae5b'),
	'Purple Eye Shadow': shadow('#9a3bd0'),
	'Clown Eyes Blue': { order: MAKE_UP, layers: [['#3f7dff', '9 9 2 1', '9 12 2 2', '13 9 2 1', '13 12 2 2']] },
	'Clown Eyes Green': { order: MAKE_UP, layers: [['#2fae5b', '9 9 2 1', '9 12 2 2', '13 9 2 1', '13 12 2 2']] },
	'Clown Nose': { order: HELD, layers: [['#ee1c25', '11 13 3 2'], ['#ff8a8f', '11 13']] },

	Mohawk: mohawk('#e4b11f'),
	'Mohawk Dark': mohawk('#31250f'),
	'Red Mohawk': mohawk('#e22626'),
	'Mohawk Thin': hair([K, '11 2 2 4'], ['#42382a', '11 3 1 4']),
	'Shaved Head': hair(['#00000040', '8 6 8 2', '8 8 1 2']),
	'Peak Spike': hair([K, '8 5 8 2', '9 4 5 1', '10 3 3 1', '11 2 1 1', '8 7 2 1']),
	'Messy Hair': hair([K, '7 4 9 2', '6 5 2 4', '8 3 2 1', '11 2 2 2', '15 3 2 3', '16 6 1 3', '8 6 3 1', '12 6 2 1', '5 7']),
	'Frumpy Hair': hair([K, '7 3 9 3', '6 4 2 8', '15 5 3 5', '8 6 7 1', '5 6 1 4']),
	'Stringy Hair': hair([K, '8 5 8 1', '7 5 1 7', '9 6 1 3', '11 6 1 2', '13 6 1 3', '16 6 1 7', '6 9 1 3']),
	'Vampire Hair': hair([K, '7 4 10 2', '7 6 2 4', '15 6 2 3', '11 6 2 2', '6 5 1 2']),
	'Crazy Hair': hair([K, '7 1', '10 0 1 2', '14 1', '17 2'], ['#e22626', '7 2 10 4', '6 4 2 7', '16 4 2 6', '9 1 1 2', '11 1 2 1', '15 1 1 2', '5 5 1 3', '18 5 1 2', '8 6 3 1']),
	'Clown Hair Green': hair(['#28b143', '3 5 4 6', '4 4 3 1', '7 4 2 4', '17 5 4 6', '16 4 3 1', '15 4 2 3'], ['#1b7c2e', '3 10 4 1', '17 10 4 1', '5 6', '19 6']),
	'Purple Hair': hair([K, '9 1 6 1'], ['#710cc7', '8 2 8 4', '7 3 1 3', '16 3 1 3', '8 6 3 1']),
	'Wild Hair': wild('#111111'),
	'Wild Blonde': wild('#fff68e'),
	'Wild White Hair': wild('#e8e8e8'),
	'Straight Hair': straight('#2a1a10'),
	'Straight Hair Dark': straight('#0d0d0d'),
	'Straight Hair Blonde': straight('#f2dc6b'),
	'Blonde Bob': long([K, '8 4 8 1', '6 6 1 11', '17 6 1 11', '7 5', '16 5', '7 17 2 1', '15 17 2 1'], ['#fff68e', '8 5 8 3', '7 6 1 11', '8 8 1 8', '16 6 1 11', '15 8 1 3']),
	'Blonde Short': long([K, '8 5 8 1', '6 7 1 6', '17 7 1 6', '7 6', '16 6'], ['#f5df62', '8 6 8 2', '7 7 1 6', '16 7 1 6', '8 8 3 1']),
	'Dark Hair': long([K, '7 4 10 3', '6 5 2 12', '16 6 2 12', '8 7 2 2', '15 7 1 3'], ['#3a2a1b', '8 5 3 1']),
	'Half Shaved': long([K, '8 5 8 1', '12 6 5 2', '15 8 3 9', '16 6 2 12'], ['#00000040', '8 7 4 2']),
	'Orange Side': long([K, '8 4 8 1', '17 5 1 13', '6 6 1 4'], ['#e65700', '8 5 9 3', '13 8 3 2', '15 8 2 10', '7 6 1 3']),
	Pigtails: long([K, '8 5 8 3', '7 7 1 3', '16 7 1 3', '3 8 3 6', '18 8 3 6', '4 14 1 2', '19 14 1 2'], ['#ff2c2c', '6 9 1 2', '17 9 1 2']),
	'Pink With Hat': { order: HAT, layers: [['#ff5bc4', '6 8 2 9', '16 8 2 9', '8 8 7 1'], [K, '5 6 14 2', '7 2 10 4'], ['#ff5bc4', '7 5 10 1']] },

	'Nerd Glasses': frames('#9ad8ff'),
	'Horned Rim Glasses': frames('#d9e4ea', '#5b2c0a'),
	'Regular Shades': eyes([K, '7 11 10 1', '8 12 3 1', '13 12 3 1', '9 13', '14 13']),
	'Classic Shades': eyes([K, '7 10 9 1', '8 11 3 2', '13 11 3 2'], ['#5c390f', '9 12 1 1', '14 12 1 1']),
	'Small Shades': eyes([K, '7 11 9 1', '9 12 2 1', '13 12 2 1']),
	'Big Shades': eyes([K, '7 9 10 1', '8 10 4 4', '12 10 5 4'], ['#75278f', '9 11 2 2', '13 11 3 2'], ['#b45bd0', '9 11', '13 11']),
	'3D Glasses': eyes([K, '7 9 10 1'], ['#f0f0f0', '7 10 10 4'], ['#fd3232', '8 11 3 2'], ['#328dfd', '13 11 3 2']),
	'Eye Patch': eyes([K, '7 9 3 1', '10 10 6 1', '12 11 4 2', '13 13 2 1']),
	'Eye Mask': eyes([K, '7 10 10 3', '8 9 8 1'], ['#ffffff', '9 11 2 1', '13 11 2 1'], [K, '10 11', '14 11']),
	VR: eyes([K, '7 9 11 5'], ['#b4b4b4', '8 10 9 3'], ['#6e6e6e', '9 11 7 2'], ['#b4b4b4', '6 11 1 1']),
	'Welding Goggles': eyes([K, '6 9 11 4'], ['#8d8d8d', '8 9 3 3', '13 9 3 3'], ['#2c6f79', '9 10 1 1', '14 10 1 1']),

	Bandana: hat([K, '8 4 8 1', '18 8 2 1'], ['#1a43c8', '7 5 10 4', '17 7 2 2', '18 9 1 2'], ['#1637a4', '7 8 10 1']),
	'Do-rag': hat([K, '8 4 8 1', '7 5 1 4', '16 5 1 4'], ['#4c4c4c', '8 5 8 3', '5 8 3 1', '5 9 1 3'], ['#636363', '9 5 3 1']),
	Headband: hat(['#ffffff', '7 8 10 1'], ['#1a6ed5', '7 7 10 1', '7 9 10 1']),
	Cap: hat([K, '8 2 7 1', '7 3 1 4', '15 3 1 3', '16 6 4 1', '7 7 13 1'], ['#8119b7', '8 3 7 4', '15 6 5 1'], ['#b261dc', '9 3 3 1']),
	'Cap Forward': hat([K, '8 2 8 1', '7 3 1 4', '16 3 1 4', '6 7 12 1'], ['#515151', '8 3 8 4', '9 7 7 1'], ['#353535', '8 6 8 1', '9 8 7 1']),
	Beanie: hat([K, '11 1 2 2', '8 3 8 1', '7 4 1 3', '16 4 1 3'], ['#3cc300', '8 4 3 3'], ['#d60000', '11 4 2 3'], ['#0060c3', '13 4 3 3'], ['#e4eb17', '7 7 10 1'], ['#d60000', '8 0 3 1'], ['#0060c3', '13 0 3 1']),
	'Knitted Cap': hat([K, '8 3 8 1', '7 4 1 5', '16 4 1 5'], ['#ca4e11', '8 4 8 3'], ['#933709', '7 7 10 2'], ['#e8763c', '9 7', '11 7', '13 7', '15 7']),
	'Cowboy Hat': hat([K, '8 1 2 1', '14 1 2 1', '7 2 1 3', '16 2 1 3', '2 5 1 1', '21 5 1 1', '3 7 18 1'], ['#794b11', '8 2 8 4', '3 6 18 1', '3 5 2 1', '19 5 2 1'], ['#3b2205', '8 5 8 1']),
	Fedora: hat([K, '8 2 8 1', '7 3 1 3', '16 3 1 3', '4 7 16 1'], ['#3d2f1e', '8 3 8 3', '5 6 14 1'], ['#0f0c07', '8 5 8 1'], ['#584630', '9 3 3 1']),
	'Top Hat': hat([K, '7 0 10 6', '4 6 16 2'], ['#dc1d1d', '7 5 10 1'], ['#2b2b2b', '8 1 2 3']),
	'Police Cap': hat([K, '7 2 10 1', '6 3 1 3', '17 3 1 3', '7 7 11 1'], ['#26314a', '7 3 10 3'], ['#fed500', '11 3 2 2'], ['#0c1220', '7 6 11 1'], ['#8290a8', '8 6 8 1']),
	Hoodie: { order: HAT, layers: [[K, '8 2 8 1', '6 3 2 1', '16 3 2 1', '5 4 1 20', '18 4 1 16'], ['#555555', '8 3 8 3', '6 4 2 20', '16 4 2 16', '14 20 4 4'], ['#3f3f3f', '8 5 8 1', '7 6 1 13', '16 6 1 12']] },
	'Tassle Hat': hat(['#ffd926', '5 4 1 5', '4 9 3 2'], [K, '8 2 8 1', '7 3 1 5', '16 3 1 5'], ['#d31e14', '8 3 8 5', '5 3 3 1'], ['#9c150d', '8 7 8 1']),
	'Pilot Helmet': hat([K, '8 3 8 1', '6 5 1 10', '17 5 1 10', '7 4', '16 4'], ['#5c3a19', '8 4 8 4', '7 5 1 10', '16 5 1 10', '7 15 1 2'], ['#bdbdbd', '8 5 3 2', '13 5 3 2'], ['#75c7dd', '9 5 1 1', '14 5 1 1'], [K, '7 5', '11 5 2 1', '16 5']),
	Tiara: hat([K, '7 6 10 1'], ['#fed500', '8 5 8 1', '9 4 1 1', '11 3 2 2', '14 4'], ['#e0151b', '11 4 2 1']),

	Cigarette: { order: HELD, layers: [[K, '14 15 6 1', '14 17 6 1', '20 16'], ['#e8e8e8', '14 16 6 1'], ['#e25b26', '19 16'], ['#c6d2d8aa', '19 8 1 6']] },
	Pipe: { order: HELD, layers: [[K, '13 16 4 1', '16 17 5 1', '16 18 1 3', '20 18 1 3', '17 21 3 1'], ['#855114', '17 18 3 3'], ['#69400d', '17 18 3 1'], ['#c6d2d8aa', '18 11 1 5']] },
	Vape: { order: HELD, layers: [[K, '14 15 7 1', '14 17 7 1', '21 16'], ['#8f8f8f', '14 16 6 1'], ['#3cb3ff', '20 16']] },
	'Medical Mask': { order: HELD, layers: [['#b5d6e8', '7 13 2 1', '15 13 2 1', '8 14 8 4', '9 18 6 1'], ['#d9ecf5', '9 15 6 1', '9 17 6 1']] },

	Earring: { order: JEWELLERY, layers: [[K, '5 14 1 1', '6 15'], ['#fff26b', '6 14']] },
	Choker: { order: JEWELLERY, layers: [[K, '9 21 3 1']] },
	'Gold Chain': { order: JEWELLERY, layers: [['#fec900', '8 21', '9 22 3 1', '11 21']] },
	'Silver Chain': { order: JEWELLERY, layers: [['#e3e9ec', '8 21', '9 22 3 1', '11 21']] }
};
