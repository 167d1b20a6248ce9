import { describe, expect, it, vi } from 'vitest';
import { proxy } from '$lib/server/proxy';
import type { Gateway } from '$lib/server/gateway';

const KEY = 'the-sites-own-key';
const BASE = 'http://gateway.internal:8000';

function gateway(answer: (url: string, init: RequestInit) => Response | Promise<Response>, timeout = 2000): Gateway & { fetch: ReturnType<typeof vi.fn> } {
	return { base: BASE, key: KEY, timeout, fetch: vi.fn((url: string, init: RequestInit) => Promise.resolve(answer(url, init))) as never };
}
const get = (headers: Record<string, string> = {}, method = 'GET') => new Request('http://site/api/x', { headers, method });
const sent = (target: { fetch: ReturnType<typeof vi.fn> }, call = 0) => target.fetch.mock.calls[call] as [string, RequestInit & { headers: Headers }];

describe('a request through the proxy', () => {
	it('carries path, query and the site’s key, and nothing about the reader', async () => {
		const target = gateway(() => Response.json({ ok: 1 }));
		const answer = await proxy(target, '/v1/punks', get({ cookie: 'a=b', 'x-forwarded-for': '1.2.3.4', 'if-none-match': '"g1"' }), '?limit=2');
		expect(await answer.json()).toEqual({ ok: 1 });
		const [url, init] = sent(target);
		expect(url).toBe(`${BASE}/v1/punks?limit=2`);
		expect(Object.fromEntries(init.headers)).toEqual({ authorization: `Bearer ${KEY}`, 'if-none-match': '"g1"' });
	});

	it('carries the client address that the server sees, whatever the browser claims', async () => {
		const forwarded = async (reader: string | null, headers: Record<string, string> = {}) => {
			const target = gateway(() => Response.json({}));
			await proxy(target, '/v1/market', get(headers), '', reader);
			const headersSent = sent(target)[1].headers;
			return [headersSent.get('x-forwarded-for'), headersSent.get('forwarded'), headersSent.get('x-real-ip')];
		};
		const claimed = { 'x-forwarded-for': '9.9.9.9, 8.8.8.8', forwarded: 'for=9.9.9.9', 'x-real-ip': '9.9.9.9' };
		expect(await forwarded('203.0.113.7', claimed)).toEqual(['203.0.113.7', null, null]);
		expect(await forwarded('::ffff:203.0.113.7')).toEqual(['203.0.113.7', null, null]);
		expect(await forwarded('2001:db8::7')).toEqual(['2001:db8::7', null, null]);
		expect(await forwarded(null, claimed)).toEqual([null, null, null]);
	});

	it('carries that address with an operator’s action and with both attempts of a read', async () => {
		const answers = [new Response('x', { status: 503 }), Response.json({}), Response.json({}, { status: 202 })];
		const target = gateway(() => answers.shift()!);
		await proxy(target, '/v1/market', get(), '', '203.0.113.7');
		await proxy(target, '/v1/training-requests', new Request('http://site/x', { method: 'POST', body: '{}', headers: { authorization: 'Bearer k' } }), '', '203.0.113.7');
		expect(target.fetch.mock.calls.map((_, call) => sent(target, call)[1].headers.get('x-forwarded-for'))).toEqual(['203.0.113.7', '203.0.113.7', '203.0.113.7']);
	});

	it('returns cache headers, and nothing that identifies the gateway', async () => {
		const target = gateway(() => new Response('{}', { headers: { etag: '"g1"', 'cache-control': 'public, max-age=30', 'punkcast-age-seconds': '12', server: 'uvicorn', via: BASE, 'set-cookie': 'x=y', 'x-internal': BASE } }));
		const headers = Object.fromEntries((await proxy(target, '/v1/market', get(), '')).headers);
		expect(headers).toMatchObject({ etag: '"g1"', 'cache-control': 'public, max-age=30', 'punkcast-age-seconds': '12' });
		expect(JSON.stringify(headers)).not.toContain('gateway.internal');
		expect(headers).not.toHaveProperty('set-cookie');
		expect(headers).not.toHaveProperty('server');
	});

	it('returns 304 without a body', async () => {
		const answer = await proxy(gateway(() => new Response(null, { status: 304, headers: { etag: '"g1"' } })), '/v1/market', get({ 'if-none-match': '"g1"' }), '');
		expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([304, '', '"g1"']);
	});

	it('retries a GET once after 503', async () => {
		const answers = [new Response('x', { status: 503 }), Response.json({ ok: 1 })];
		const target = gateway(() => answers.shift()!);
		expect((await proxy(target, '/v1/market', get(), '')).status).toBe(200);
		expect(target.fetch).toHaveBeenCalledTimes(2);
		const down = gateway(() => new Response('x', { status: 502 }));
		expect((await proxy(down, '/v1/market', get(), '')).status).toBe(502);
		expect(down.fetch).toHaveBeenCalledTimes(2);
	});

	it('retries neither a response with Retry-After nor a POST', async () => {
		const later = gateway(() => new Response('{}', { status: 503, headers: { 'retry-after': '30' } }));
		const answer = await proxy(later, '/v1/market', get(), '');
		expect([answer.status, answer.headers.get('retry-after'), later.fetch.mock.calls.length]).toEqual([503, '30', 1]);
		const target = gateway(() => Promise.reject(new TypeError('fetch failed')));
		await proxy(target, '/v1/training-requests', new Request('http://site/x', { method: 'POST', body: '{}', headers: { authorization: 'Bearer k' } }), '');
		expect(target.fetch).toHaveBeenCalledTimes(1);
	});

	it('answers with a problem and Retry-After when the gateway is unreachable', async () => {
		const answer = await proxy(gateway(() => Promise.reject(new TypeError(`connect ECONNREFUSED ${BASE}`))), '/v1/market', get(), '');
		const text = await answer.text();
		expect([answer.status, answer.headers.get('content-type'), answer.headers.get('retry-after')]).toEqual([503, 'application/problem+json', '5']);
		expect(JSON.parse(text)).toMatchObject({ type: 'https://punkcast.dev/problems/unavailable', status: 503, instance: '/api/v1/market' });
		expect(text).not.toContain('gateway.internal');
	});

	it('answers 504 within the time-out when the gateway is slow', async () => {
		const slow = gateway((_, init) => new Promise((_, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted')))), 60);
		const begin = Date.now();
		const answer = await proxy(slow, '/v1/market', get(), '');
		expect(answer.status).toBe(504);
		expect(await answer.json()).toMatchObject({ type: 'https://punkcast.dev/problems/gateway-timeout', status: 504 });
		expect(Date.now() - begin).toBeLessThan(1500);
	});

	it('returns the gateway’s problems with the path that the reader requested', async () => {
		const problem = { type: 'https://punkcast.dev/problems/not-found', title: 'Not found', status: 404, detail: 'There is no punk.', instance: '/v1/punks/1', next_step: 'Check the id.' };
		const answer = await proxy(gateway(() => Response.json(problem, { status: 404 })), '/v1/punks/1', get(), '');
		expect(answer.status).toBe(404);
		expect(await answer.json()).toEqual({ ...problem, instance: '/api/v1/punks/1' });
	});

	it('hides error pages of servers in front of the gateway', async () => {
		const answer = await proxy(gateway(() => new Response(`<html>nginx at ${BASE}</html>`, { status: 500, headers: { 'content-type': 'text/html' } })), '/v1/market', get(), '');
		const text = await answer.text();
		expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'application/problem+json']);
		expect(text).not.toContain('nginx');
	});

	it('returns 429 with its Retry-After', async () => {
		const answer = await proxy(gateway(() => new Response('slow down', { status: 429, headers: { 'retry-after': '7', ratelimit: '"default";r=0;t=7' } })), '/v1/market', get(), '');
		expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('ratelimit')]).toEqual([429, '7', '"default";r=0;t=7']);
		expect(await answer.json()).toMatchObject({ type: 'https://punkcast.dev/problems/rate-limited', status: 429 });
	});

	it('forwards an operator’s key, and never sends the site’s key with an action', async () => {
		const target = gateway(() => Response.json({ status: 'accepted' }, { status: 202, headers: { location: `${BASE}/v1/training-requests/1` } }));
		const post = (headers: Record<string, string>) => new Request('http://site/x', { method: 'POST', body: '{"reason":"x"}', headers: { 'content-type': 'application/json', ...headers } });
		const answer = await proxy(target, '/v1/training-requests', post({ authorization: 'Bearer typed', 'idempotency-key': 'abc' }), '');
		expect(answer.headers.get('location')).toBe('/api/v1/training-requests/1');
		expect(sent(target)[1].headers.get('authorization')).toBe('Bearer typed');
		expect(sent(target)[1].headers.get('idempotency-key')).toBe('abc');
		await proxy(target, '/v1/training-requests', post({}), '');
		expect(sent(target, 1)[1].headers.has('authorization')).toBe(false);
	});

	it('refuses other methods, other paths and large bodies without a request to the gateway', async () => {
		const target = gateway(() => Response.json({}));
		const wrong = await proxy(target, '/v1/market', new Request('http://site/x', { method: 'DELETE' }), '');
		expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
		expect((await proxy(target, '/metrics', get(), '')).status).toBe(404);
		expect((await proxy(target, '/v1/freezes', new Request('http://site/x', { method: 'POST', body: 'x'.repeat(70_000) }), '')).status).toBe(413);
		const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) });
		const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('Content-length exceeds the limit')) });
		for (const body of [endless, broken]) {
			const refused = await proxy(target, '/v1/freezes', new Request('http://site/x', { method: 'POST', body, duplex: 'half' } as RequestInit), '');
			expect([refused.status, refused.headers.get('content-type')]).toEqual([413, 'application/problem+json']);
		}
		expect(target.fetch).not.toHaveBeenCalled();
	});

	it('passes on the known members of a problem alone', async () => {
		const problem = { type: 'https://punkcast.dev/problems/internal', title: 'Internal error', status: 500, detail: 'A fault.', next_step: 'Try again.' };
		const errors = [{ location: 'query.limit', rule: 'too large', input: 'SECRET' }, 'SECRET'];
		const target = gateway(() => Response.json({ ...problem, stack: 'SECRET', errors }, { status: 500 }));
		const answer = await proxy(target, '/v1/market', get(), '');
		expect(await answer.json()).toEqual({ ...problem, instance: '/api/v1/market', errors: [{ location: 'query.limit', rule: 'too large' }] });
	});
});
