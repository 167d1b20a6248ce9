import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ALLOWED, permission } from '$lib/server/allow-list';

const EXAMPLE: Record<string, string> = { punk: '7804', generation: 'current', part: 'history', id: 'm-0123456789abcdef', name: 'Beanie' };

describe('the allow-list', () => {
	it('allows each listed path with its methods, and HEAD wherever GET', () => {
		for (const { path, methods } of ALLOWED) {
			const allowed = permission(path.replace(/\{(\w+)\}/g, (_, kind: string) => EXAMPLE[kind]!));
			expect(allowed, path).not.toBeNull();
			expect(allowed!.methods).toEqual(expect.arrayContaining([...methods, ...(methods.includes('GET' as never) ? ['HEAD'] : [])]));
		}
	});

	it.each([
		'', '/', '/metrics', '/livez', '/readyz', '/docs', '/v1', '/v1/', '/v1/webhooks', '/v1/keys', '/v2/punks', '/v1/punks/', '/v1/punks/12345', '/v1/punks/-1', '/v1/punks/1/../2',
		'/v1/punks/..', '/v1/punks/%2e%2e', '/v1/../metrics', '//v1/punks', '/v1/punks/1/history/x', '/v1/models/a b', '/v1/models/../../metrics', '/v1/nowcasts/1/proof/x', '/V1/punks',
		'/v1/freezes/x/delete', '/v1/traits/a/b', '/v1/traits/%2F', '/v1/punks\n', '/v1/punks?x', '/compat/agents/v2/top', '/v1/models/x/delete;y'
	])('refuses %j', (path) => expect(permission(path)).toBeNull());

	it('refuses every path that does not match a listed one', () => {
		const first = new Set(ALLOWED.map(({ path }) => path.split('/').slice(0, 3).join('/')));
		fc.assert(
			fc.property(fc.webPath(), (path) => {
				const allowed = permission(path);
				return allowed === null || first.has(path.split('/').slice(0, 3).join('/'));
			})
		);
	});

	it('never allows a dot segment or an encoded slash', () => {
		fc.assert(fc.property(fc.constantFrom(...ALLOWED.map(({ path }) => path)), fc.constantFrom('..', '.', '%2f', '%2F', '%2e%2e', '\\', '%5c'), (path, bad) => permission(path.replace(/\{\w+\}/g, bad)) === null || !path.includes('{')));
	});

	it('allows writes only to operators with their own key', () => {
		const writing = ALLOWED.filter(({ methods }) => methods.includes('POST' as never));
		expect(writing.length).toBeGreaterThan(3);
		for (const { path, operator } of writing) expect(operator, path).toBe(true);
	});
});
