/** The way of a request from the browser through the site to the gateway and back. */
import { asProblem, problem, PROBLEM_MEDIA_TYPE, type Problem } from '$lib/api/problem';
import { passage } from './allow-list';
import { ask, NoAnswer, type Gateway } from './gateway';

const LARGEST_BODY = 64 * 1024;
/** What a browser may say to the gateway. Cookies stay here, and what it says of its own address. */
const TOLD = ['accept', 'content-type', 'if-none-match', 'if-modified-since', 'idempotency-key', 'last-event-id', 'prefer'];
/** What the gateway may say to a browser, beside its `Punkcast-*` headers. */
const PASSED = [
	'content-type', 'content-disposition', 'content-language', 'etag', 'cache-control', 'last-modified', 'expires', 'age',
	'retry-after', 'ratelimit', 'ratelimit-policy', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset',
	'www-authenticate', 'allow', 'idempotency-replayed', 'deprecation', 'sunset'
];

/**
 * Answer a request for `/api/<path>`; never throws, every failure is a problem. `reader` is the address that the request
 * came from, as far as the site's server knows: a gateway that trusts the site counts that reader by itself.
 */
export async function proxy(to: Gateway, path: string, request: Request, search: string, reader: string | null = null): Promise<Response> {
	const instance = `/api${path}`;
	const way = passage(path);
	if (!way) return refusal(problem('not-found', 'The site passes no such path on.', instance));
	if (!way.methods.includes(request.method))
		return refusal(problem('method-not-allowed', `${request.method} is not possible here.`, instance), { Allow: way.methods.join(', ') });
	const body = await bodyOf(request);
	if (body === undefined) return refusal(problem('payload-too-large', 'The body is larger than 64 KiB.', instance));
	try {
		const answer = await ask(to, path + search, {
			method: request.method,
			headers: told(request, way.operator ? null : to.key, reader),
			body,
			signal: request.signal,
			endless: way.stream
		});
		return answer.status >= 400 ? await failed(answer, instance) : await passedOn(answer, to, way.stream);
	} catch (error) {
		const slow = error instanceof NoAnswer && error.slow;
		return refusal(
			slow
				? problem('gateway-timeout', 'The gateway did not answer in time.', instance)
				: problem('unavailable', 'The gateway cannot be reached.', instance),
			slow ? {} : { 'Retry-After': '5' }
		);
	}
}

function told(request: Request, key: string | null, reader: string | null): Headers {
	const headers = new Headers();
	for (const name of TOLD) {
		const value = request.headers.get(name);
		if (value !== null) headers.set(name, value);
	}
	// Never what the browser sent: anybody can say that they are somebody else. IPv4 in IPv6's clothes is still IPv4.
	if (reader) headers.set('x-forwarded-for', reader.replace(/^::ffff:(?=\d+\.)/i, ''));
	// A key typed by hand goes before the site's; the site's is for reading only.
	const own = request.headers.get('authorization');
	if (own) headers.set('authorization', own);
	else if (key && request.method !== 'POST') headers.set('authorization', `Bearer ${key}`);
	return headers;
}

/** The body, null without one, undefined when it is too large. */
async function bodyOf(request: Request): Promise<ArrayBuffer | null | undefined> {
	if (request.method !== 'POST') return null;
	if (Number(request.headers.get('content-length') ?? 0) > LARGEST_BODY) return undefined;
	const body = await request.arrayBuffer();
	return body.byteLength > LARGEST_BODY ? undefined : body;
}

async function passedOn(answer: Response, to: Gateway, stream: boolean): Promise<Response> {
	const headers = headersOf(answer);
	const location = answer.headers.get('location');
	if (location) headers.set('Location', `/api${location.startsWith(to.base) ? location.slice(to.base.length) : new URL(location, 'http://gateway').pathname}`);
	if (stream) headers.set('X-Accel-Buffering', 'no');
	return new Response(answer.status === 204 || answer.status === 304 ? null : answer.body, { status: answer.status, headers });
}

async function failed(answer: Response, instance: string): Promise<Response> {
	let said: unknown = null;
	try {
		said = JSON.parse(await answer.text());
	} catch {
		// Not JSON, or cut off: whatever stood in front of the gateway said it. Its words are not passed on.
	}
	const found = asProblem(answer.status, said, instance);
	const headers = headersOf(answer);
	for (const name of ['etag', 'last-modified', 'content-disposition']) headers.delete(name);
	return refusal(found, Object.fromEntries(headers));
}

function headersOf(answer: Response): Headers {
	const headers = new Headers();
	for (const [name, value] of answer.headers) {
		if (PASSED.includes(name) || name.startsWith('punkcast-')) headers.set(name, value);
	}
	const vary = answer.headers.get('vary');
	if (vary) headers.set('Vary', vary);
	return headers;
}

function refusal(found: Problem, headers: Record<string, string> = {}): Response {
	return new Response(JSON.stringify(found), {
		status: found.status,
		headers: { 'cache-control': 'no-store', ...headers, 'content-type': PROBLEM_MEDIA_TYPE }
	});
}
