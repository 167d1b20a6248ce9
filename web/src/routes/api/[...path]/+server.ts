import { gateway } from '$lib/server/gateway';
import { proxy } from '$lib/server/proxy';
import type { RequestHandler } from './$types';

// The path is taken from the URL as it was sent: a decoded one could name another path than the one that was judged.
const passed: RequestHandler = ({ url, request }) => proxy(gateway(), url.pathname.slice('/api'.length), request, url.search);

export const GET = passed;
export const HEAD = passed;
export const POST = passed;
export const fallback = passed;
