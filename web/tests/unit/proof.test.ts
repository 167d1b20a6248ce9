import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { verify } from '$lib/api/proof';

const sha = (...parts: (Buffer | string)[]) => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part as string)))).digest();
const leafOf = (line: string) => sha(Buffer.from([0]), line);

/** The root of an RFC 6962 tree over the lines, and the path from leaf `at` to it. */
function proofOf(lines: string[], at: number): { root: Buffer; path: { side: 'left' | 'right'; hash: string }[] } {
	if (lines.length === 1) return { root: leafOf(lines[0]!), path: [] };
	const split = 2 ** Math.floor(Math.log2(lines.length - 1));
	const [left, right] = [lines.slice(0, split), lines.slice(split)];
	const own = at < split ? proofOf(left, at) : proofOf(right, at - split);
	const other = (at < split ? proofOf(right, 0) : proofOf(left, 0)).root;
	return { root: at < split ? sha(Buffer.from([1]), own.root, other) : sha(Buffer.from([1]), other, own.root), path: [...own.path, { side: at < split ? 'right' : 'left', hash: other.toString('hex') }] };
}

describe('a Merkle proof', () => {
	it('verifies for each line of a tree, and for no other line or root', async () => {
		await fc.assert(
			fc.asyncProperty(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 12 }), fc.nat(), async (lines, number) => {
				const at = number % lines.length;
				const { root, path } = proofOf(lines, at);
				const proof = { line: lines[at]!, leaf: leafOf(lines[at]!).toString('hex'), path, root: root.toString('hex') };
				expect(await verify(proof as never)).toBe(true);
				expect(await verify({ ...proof, line: `${proof.line}0` } as never)).toBe(false);
				expect(await verify({ ...proof, root: 'ab'.repeat(32) } as never)).toBe(false);
			}),
			{ numRuns: 40 }
		);
	});
});
