/** Verifies in the browser that a value belongs to a published Merkle root (RFC 6962: leaf prefix 0x00, node prefix 0x01). */
import type { Schemas } from './client';

type Proof = Pick<Schemas['ProofDocument'], 'line' | 'leaf' | 'path' | 'root'>;

export async function verify(proof: Proof): Promise<boolean> {
	let hash = await sha256(concat([0], new TextEncoder().encode(proof.line)));
	if (hex(hash) !== proof.leaf) return false;
	for (const { side, hash: other } of proof.path) {
		const sibling = bytes(other);
		hash = await sha256(side === 'left' ? concat([1], sibling, hash) : concat([1], hash, sibling));
	}
	return hex(hash) === proof.root;
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
	return new Uint8Array(await crypto.subtle.digest('SHA-256', data));
}

function concat(...parts: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
	const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

const hex = (data: Uint8Array) => [...data].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const bytes = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
