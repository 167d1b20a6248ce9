import { configuredGateway } from '$lib/server/gateway';
import { proxy } from '$lib/server/proxy';
import type { RequestHandler } from './$types';

// The path is the undecoded one from the URL: decoding could turn an allowed path into another one.
const handle: RequestHandler = ({ url, request, getClientAddress }) =>
	proxy(configuredGateway(), url.pathname.slice('/api'.length), request, url.search, addressOrNull(getClientAddress));

/** The Node adapter throws if ADDRESS_HEADER is configured and the header is missing. */
function addressOrNull(address: () => string): string | null {
	try {
		return address() || null;
	} catch {
		return null;
	}
}

export const GET = handle;
export const HEAD = handle;
export const POST = handle;
export const fallback = handle;
