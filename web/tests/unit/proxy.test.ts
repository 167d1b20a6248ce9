import { describe, expect, it, vi } from 'vitest';
import { proxy } from '$lib/server/proxy';
import type { Gateway } from '$lib/server/gateway';

const KEY = 'the-sites-own-key';
const BASE = 'http://gateway.internal:8000';

function gateway(answer: (url: string, init: RequestInit) => Response | Promise<Response>, patience = 2000): Gateway & { fetch: ReturnType<typeof vi.fn> } {
	return { base: BASE, key: KEY, patience, fetch: vi.fn((url: string, init: RequestInit) => Promise.resolve(answer(url, init))) as never };
}
const get = (headers: Record<string, string> = {}, method = 'GET') => new Request('http://site/api/x', { headers, method });
const sent = (to: { fetch: ReturnType<typeof vi.fn> }, call = 0) => to.fetch.mock.calls[call] as [string, RequestInit & { headers: Headers }];

describe('a request through the proxy', () => {
	it('asks the gateway with path, query and the site’s key, and says nothing of the reader', async () => {
		const to = gateway(() => Response.json({ ok: 1 }));
		const answer = await proxy(to, '/v1/punks', get({ cookie: 'a=b', 'x-forwarded-for': '1.2.3.4', 'if-none-match': '"g1"' }), '?limit=2');
		expect(await answer.json()).toEqual({ ok: 1 });
		const [url, init] = sent(to);
		expect(url).toBe(`${BASE}/v1/punks?limit=2`);
		expect(Object.fromEntries(init.headers)).toEqual({ authorization: `Bearer ${KEY}`, 'if-none-match': '"g1"' });
	});

	it('tells the gateway the reader’s address as the server knows it, whatever the browser says', async () => {
		const told = async (reader: string | null, headers: Record<string, string> = {}) => {
			const to = gateway(() => Response.json({}));
			await proxy(to, '/v1/market', get(headers), '', reader);
			const said = sent(to)[1].headers;
			return [said.get('x-forwarded-for'), said.get('forwarded'), said.get('x-real-ip')];
		};
		const pretended = { 'x-forwarded-for': '9.9.9.9, 8.8.8.8', forwarded: 'for=9.9.9.9', 'x-real-ip': '9.9.9.9' };
		expect(await told('203.0.113.7', pretended)).toEqual(['203.0.113.7', null, null]);
		expect(await told('::ffff:203.0.113.7')).toEqual(['203.0.113.7', null, null]);
		expect(await told('2001:db8::7')).toEqual(['2001:db8::7', null, null]);
		expect(await told(null, pretended)).toEqual([null, null, null]);
	});

	it('tells it with an operator’s act, and with both tries of a read', async () => {
		const answers = [new Response('x', { status: 503 }), Response.json({}), Response.json({}, { status: 202 })];
		const to = gateway(() => answers.shift()!);
		await proxy(to, '/v1/market', get(), '', '203.0.113.7');
		await proxy(to, '/v1/training-requests', new Request('http://site/x', { method: 'POST', body: '{}', headers: { authorization: 'Bearer k' } }), '', '203.0.113.7');
		expect(to.fetch.mock.calls.map((_, call) => sent(to, call)[1].headers.get('x-forwarded-for'))).toEqual(['203.0.113.7', '203.0.113.7', '203.0.113.7']);
	});

	it('passes cache headers on and nothing that names the gateway', async () => {
		const to = gateway(() => new Response('{}', { headers: { etag: '"g1"', 'cache-control': 'public, max-age=30', 'punkcast-age-seconds': '12', server: 'uvicorn', via: BASE, 'set-cookie': 'x=y', 'x-internal': BASE } }));
		const headers = Object.fromEntries((await proxy(to, '/v1/market', get(), '')).headers);
		expect(headers).toMatchObject({ etag: '"g1"', 'cache-control': 'public, max-age=30', 'punkcast-age-seconds': '12' });
		expect(JSON.stringify(headers)).not.toContain('gateway.internal');
		expect(headers).not.toHaveProperty('set-cookie');
		expect(headers).not.toHaveProperty('server');
	});

	it('passes 304 on without a body', async () => {
		const answer = await proxy(gateway(() => new Response(null, { status: 304, headers: { etag: '"g1"' } })), '/v1/market', get({ 'if-none-match': '"g1"' }), '');
		expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([304, '', '"g1"']);
	});

	it('tries a GET once more after 503, not more often', async () => {
		const answers = [new Response('x', { status: 503 }), Response.json({ ok: 1 })];
		const to = gateway(() => answers.shift()!);
		expect((await proxy(to, '/v1/market', get(), '')).status).toBe(200);
		expect(to.fetch).toHaveBeenCalledTimes(2);
		const down = gateway(() => new Response('x', { status: 502 }));
		expect((await proxy(down, '/v1/market', get(), '')).status).toBe(502);
		expect(down.fetch).toHaveBeenCalledTimes(2);
	});

	it('does not try again when the gateway says when to come back, nor a POST', async () => {
		const later = gateway(() => new Response('{}', { status: 503, headers: { 'retry-after': '30' } }));
		const answer = await proxy(later, '/v1/market', get(), '');
		expect([answer.status, answer.headers.get('retry-after'), later.fetch.mock.calls.length]).toEqual([503, '30', 1]);
		const to = gateway(() => Promise.reject(new TypeError('fetch failed')));
		await proxy(to, '/v1/training-requests', new Request('http://site/x', { method: 'POST', body: '{}', headers: { authorization: 'Bearer k' } }), '');
		expect(to.fetch).toHaveBeenCalledTimes(1);
	});

	it('turns a gateway that is away into a problem with Retry-After', async () => {
		const answer = await proxy(gateway(() => Promise.reject(new TypeError(`connect ECONNREFUSED ${BASE}`))), '/v1/market', get(), '');
		const text = await answer.text();
		expect([answer.status, answer.headers.get('content-type'), answer.headers.get('retry-after')]).toEqual([503, 'application/problem+json', '5']);
		expect(JSON.parse(text)).toMatchObject({ type: 'https://punkcast.dev/problems/unavailable', status: 503, instance: '/api/v1/market' });
		expect(text).not.toContain('gateway.internal');
	});

	it('turns a slow gateway into 504 within its patience', async () => {
		const slow = gateway((_, init) => new Promise((_, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted')))), 60);
		const begin = Date.now();
		const answer = await proxy(slow, '/v1/market', get(), '');
		expect(answer.status).toBe(504);
		expect(await answer.json()).toMatchObject({ type: 'https://punkcast.dev/problems/gateway-timeout', status: 504 });
		expect(Date.now() - begin).toBeLessThan(1500);
	});

	it('keeps the gateway’s own problems, with the path as the reader knows it', async () => {
		const problem = { type: 'https://punkcast.dev/problems/not-found', title: 'Not found', status: 404, detail: 'There is no punk.', instance: '/v1/punks/1', next_step: 'Check the id.' };
		const answer = await proxy(gateway(() => Response.json(problem, { status: 404 })), '/v1/punks/1', get(), '');
		expect(answer.status).toBe(404);
		expect(await answer.json()).toEqual({ ...problem, instance: '/api/v1/punks/1' });
	});

	it('does not repeat what a stranger in front of the gateway says', async () => {
		const answer = await proxy(gateway(() => new Response(`<html>nginx at ${BASE}</html>`, { status: 500, headers: { 'content-type': 'text/html' } })), '/v1/market', get(), '');
		const text = await answer.text();
		expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'application/problem+json']);
		expect(text).not.toContain('nginx');
	});

	it('keeps 429 with its waiting time', async () => {
		const answer = await proxy(gateway(() => new Response('slow down', { status: 429, headers: { 'retry-after': '7', ratelimit: '"default";r=0;t=7' } })), '/v1/market', get(), '');
		expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('ratelimit')]).toEqual([429, '7', '"default";r=0;t=7']);
		expect(await answer.json()).toMatchObject({ type: 'https://punkcast.dev/problems/rate-limited', status: 429 });
	});

	it('passes a key typed by hand on, and never the site’s own with an act', async () => {
		const to = gateway(() => Response.json({ status: 'accepted' }, { status: 202, headers: { location: `${BASE}/v1/training-requests/1` } }));
		const post = (headers: Record<string, string>) => new Request('http://site/x', { method: 'POST', body: '{"reason":"x"}', headers: { 'content-type': 'application/json', ...headers } });
		const answer = await proxy(to, '/v1/training-requests', post({ authorization: 'Bearer typed', 'idempotency-key': 'abc' }), '');
		expect(answer.headers.get('location')).toBe('/api/v1/training-requests/1');
		expect(sent(to)[1].headers.get('authorization')).toBe('Bearer typed');
		expect(sent(to)[1].headers.get('idempotency-key')).toBe('abc');
		await proxy(to, '/v1/training-requests', post({}), '');
		expect(sent(to, 1)[1].headers.has('authorization')).toBe(false);
	});

	it('refuses other methods, other paths and large bodies without asking the gateway', async () => {
		const to = gateway(() => Response.json({}));
		const wrong = await proxy(to, '/v1/market', new Request('http://site/x', { method: 'DELETE' }), '');
		expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
		expect((await proxy(to, '/metrics', get(), '')).status).toBe(404);
		expect((await proxy(to, '/v1/freezes', new Request('http://site/x', { method: 'POST', body: 'x'.repeat(70_000) }), '')).status).toBe(413);
		expect(to.fetch).not.toHaveBeenCalled();
	});
});
