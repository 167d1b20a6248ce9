/** The one place that knows where the gateway is: address and key from the environment, time-outs, one retry on reads. */
import { env } from '$env/dynamic/private';

export interface Gateway {
	base: string;
	key: string | null;
	/** Milliseconds until an answer has to begin. */
	patience: number;
	fetch: typeof fetch;
}

export function gateway(): Gateway {
	return {
		base: (env.PUNKCAST_GATEWAY_URL || 'http://127.0.0.1:8000').replace(/\/+$/, ''),
		key: env.PUNKCAST_GATEWAY_KEY || null,
		patience: Number(env.PUNKCAST_GATEWAY_TIMEOUT_MS || 5000),
		fetch
	};
}

/** The gateway gave no answer: it could not be reached, or not in time. */
export class NoAnswer extends Error {
	constructor(readonly slow: boolean) {
		super(slow ? 'The gateway did not answer in time.' : 'The gateway could not be reached.');
	}
}

const RETRIED = new Set([502, 503, 504]);
const PAUSE_MS = 150;

/**
 * One request to the gateway. A GET is tried twice when it could not connect or met 502 to 504 without being told when
 * to come back; both tries share the same patience, so a reader never waits longer for it.
 *
 * @throws NoAnswer
 */
export async function ask(to: Gateway, path: string, request: RequestInit & { endless?: boolean }): Promise<Response> {
	const tries = (request.method ?? 'GET') === 'GET' || request.method === 'HEAD' ? 2 : 1;
	const until = Date.now() + to.patience;
	for (let number = 1; ; number++) {
		const last = number === tries;
		try {
			const response = await once(to, path, request, until - Date.now());
			if (last || !RETRIED.has(response.status) || response.headers.has('Retry-After')) return response;
			await response.body?.cancel();
		} catch (error) {
			if (last || (error instanceof NoAnswer && error.slow) || request.signal?.aborted) throw error;
		}
		if (until - Date.now() < PAUSE_MS) throw new NoAnswer(true);
		await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
	}
}

async function once(to: Gateway, path: string, request: RequestInit & { endless?: boolean }, wait: number): Promise<Response> {
	const { endless, signal, ...init } = request;
	const late = new AbortController();
	const timer = setTimeout(() => late.abort(), Math.max(wait, 1));
	const signals = [late.signal, ...(signal ? [signal] : [])];
	try {
		const response = await to.fetch(to.base + path, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) });
		// The head is there: a stream may go on for ever, a body has the same patience once more.
		if (endless) clearTimeout(timer);
		else timer.refresh?.();
		return response;
	} catch {
		clearTimeout(timer);
		throw new NoAnswer(late.signal.aborted);
	}
}
