import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ALLOWED, passage } from '$lib/server/allow-list';

const EXAMPLE: Record<string, string> = { punk: '7804', generation: 'current', part: 'history', id: 'm-0123456789abcdef', name: 'Beanie' };

describe('the allow-list', () => {
	it('lets each listed path through with its methods, and GET brings HEAD', () => {
		for (const { path, methods } of ALLOWED) {
			const way = passage(path.replace(/\{(\w+)\}/g, (_, kind: string) => EXAMPLE[kind]!));
			expect(way, path).not.toBeNull();
			expect(way!.methods).toEqual(expect.arrayContaining([...methods, ...(methods.includes('GET' as never) ? ['HEAD'] : [])]));
		}
	});

	it.each([
		'', '/', '/metrics', '/livez', '/readyz', '/docs', '/v1', '/v1/', '/v1/webhooks', '/v1/keys', '/v2/punks', '/v1/punks/', '/v1/punks/12345', '/v1/punks/-1', '/v1/punks/1/../2',
		'/v1/punks/..', '/v1/punks/%2e%2e', '/v1/../metrics', '//v1/punks', '/v1/punks/1/history/x', '/v1/models/a b', '/v1/models/../../metrics', '/v1/nowcasts/1/proof/x', '/V1/punks',
		'/v1/freezes/x/delete', '/v1/traits/a/b', '/v1/traits/%2F', '/v1/punks\n', '/v1/punks?x', '/compat/agents/v2/top', '/v1/models/x/delete;y'
	])('refuses %j', (path) => expect(passage(path)).toBeNull());

	it('refuses whatever is not shaped like a listed path', () => {
		const first = new Set(ALLOWED.map(({ path }) => path.split('/').slice(0, 3).join('/')));
		fc.assert(
			fc.property(fc.webPath(), (path) => {
				const found = passage(path);
				return found === null || first.has(path.split('/').slice(0, 3).join('/'));
			})
		);
	});

	it('never lets a dot segment or an encoded slash through', () => {
		fc.assert(fc.property(fc.constantFrom(...ALLOWED.map(({ path }) => path)), fc.constantFrom('..', '.', '%2f', '%2F', '%2e%2e', '\\', '%5c'), (path, bad) => passage(path.replace(/\{\w+\}/g, bad)) === null || !path.includes('{')));
	});

	it('writes only where a person acts with a key', () => {
		const writing = ALLOWED.filter(({ methods }) => methods.includes('POST' as never));
		expect(writing.length).toBeGreaterThan(3);
		for (const { path, operator } of writing) expect(operator, path).toBe(true);
	});
});
