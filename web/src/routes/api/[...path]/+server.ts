import { gateway } from '$lib/server/gateway';
import { proxy } from '$lib/server/proxy';
import type { RequestHandler } from './$types';

// The path is taken from the URL as it was sent: a decoded one could name another path than the one that was judged.
const passed: RequestHandler = ({ url, request, getClientAddress }) => proxy(gateway(), url.pathname.slice('/api'.length), request, url.search, known(getClientAddress));

/** An adapter that was told of a header with the address (ADDRESS_HEADER) throws where the header is missing. */
function known(address: () => string): string | null {
	try {
		return address() || null;
	} catch {
		return null;
	}
}

export const GET = passed;
export const HEAD = passed;
export const POST = passed;
export const fallback = passed;
