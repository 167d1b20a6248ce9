/** Forwards requests from the browser to the gateway, and responses back. */
import { asProblem, problem, PROBLEM_MEDIA_TYPE, type Problem } from '$lib/api/problem';
import { permission } from './allow-list';
import { GatewayUnavailable, send, type Gateway } from './gateway';

const MAX_BODY_BYTES = 64 * 1024;
/** Request headers that are forwarded. Cookies are not, nor is any address that the browser claims. */
const REQUEST_HEADERS = ['accept', 'content-type', 'if-none-match', 'if-modified-since', 'idempotency-key', 'last-event-id', 'prefer'];
/** Response headers that are forwarded, besides `Punkcast-*`. */
const RESPONSE_HEADERS = [
	'content-type', 'content-disposition', 'content-language', 'etag', 'cache-control', 'last-modified', 'expires', 'age',
	'retry-after', 'ratelimit', 'ratelimit-policy', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset',
	'www-authenticate', 'allow', 'idempotency-replayed', 'deprecation', 'sunset'
];

/**
 * Answers a request for `/api/<path>`. Never throws: every failure is a problem. `reader` is the client address that the
 * site's server sees; a gateway that trusts the site applies rate limits to that reader.
 */
export async function proxy(gateway: Gateway, path: string, request: Request, search: string, reader: string | null = null): Promise<Response> {
	const instance = `/api${path}`;
	const allowed = permission(path);
	if (!allowed) return problemResponse(problem('not-found', 'This path is not available here.', instance));
	if (!allowed.methods.includes(request.method))
		return problemResponse(problem('method-not-allowed', `${request.method} is not allowed here.`, instance), { Allow: allowed.methods.join(', ') });
	const body = await bodyOf(request);
	if (body === undefined) return problemResponse(problem('payload-too-large', 'The body is larger than 64 KiB.', instance));
	try {
		const response = await send(gateway, path + search, {
			method: request.method,
			headers: requestHeaders(request, allowed.operator ? null : gateway.key, reader),
			body,
			signal: request.signal,
			stream: allowed.stream
		});
		return response.status >= 400 ? await failure(response, instance) : success(response, gateway, allowed.stream);
	} catch (error) {
		const timedOut = error instanceof GatewayUnavailable && error.timedOut;
		return problemResponse(
			timedOut
				? problem('gateway-timeout', 'The gateway did not respond in time.', instance)
				: problem('unavailable', 'The gateway cannot be reached.', instance),
			timedOut ? {} : { 'Retry-After': '5' }
		);
	}
}

function requestHeaders(request: Request, key: string | null, reader: string | null): Headers {
	const headers = new Headers();
	for (const name of REQUEST_HEADERS) {
		const value = request.headers.get(name);
		if (value !== null) headers.set(name, value);
	}
	// Never the browser's own header: anyone could claim another address. IPv4-mapped IPv6 addresses become IPv4.
	if (reader) headers.set('x-forwarded-for', reader.replace(/^::ffff:(?=\d+\.)/i, ''));
	// An operator's key takes precedence over the site's key, which is for reads only.
	const typed = request.headers.get('authorization');
	if (typed) headers.set('authorization', typed);
	else if (key && request.method !== 'POST') headers.set('authorization', `Bearer ${key}`);
	return headers;
}

/** The body; null without one, undefined if it is too large. */
async function bodyOf(request: Request): Promise<ArrayBuffer | null | undefined> {
	if (request.method !== 'POST') return null;
	if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) return undefined;
	const pieces: Uint8Array[] = [];
	let size = 0;
	try {
		for (const reader = request.body?.getReader(); reader; ) {
			const { done, value } = await reader.read();
			if (done) break;
			size += value.byteLength;
			if (size > MAX_BODY_BYTES) {
				await reader.cancel();
				return undefined;
			}
			pieces.push(value);
		}
	} catch {
		// The server has a limit of its own, and breaks off a body beyond it.
		return undefined;
	}
	return new Blob(pieces as BlobPart[]).arrayBuffer();
}

function success(response: Response, gateway: Gateway, stream: boolean): Response {
	const headers = responseHeaders(response);
	const location = response.headers.get('location');
	if (location) headers.set('Location', `/api${location.startsWith(gateway.base) ? location.slice(gateway.base.length) : new URL(location, 'http://gateway').pathname}`);
	if (stream) headers.set('X-Accel-Buffering', 'no');
	return new Response(response.status === 204 || response.status === 304 ? null : response.body, { status: response.status, headers });
}

async function failure(response: Response, instance: string): Promise<Response> {
	let body: unknown = null;
	try {
		body = JSON.parse(await response.text());
	} catch {
		// Not JSON, or truncated: it came from something in front of the gateway, and its text is not forwarded.
	}
		const headers = responseHeaders(response);
	for (const name of ['etag', 'last-modified', 'content-disposition']) headers.delete(name);
	return problemResponse(asProblem(response.status, body, instance), Object.fromEntries(headers));
}

function responseHeaders(response: Response): Headers {
	const headers = new Headers();
	for (const [name, value] of response.headers) {
		if (RESPONSE_HEADERS.includes(name) || name.startsWith('punkcast-')) headers.set(name, value);
	}
	const vary = response.headers.get('vary');
	if (vary) headers.set('Vary', vary);
	return headers;
}

function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
	return new Response(JSON.stringify(problem), {
		status: problem.status,
		headers: { 'cache-control': 'no-store', ...headers, 'content-type': PROBLEM_MEDIA_TYPE }
	});
}
