/** The only module that knows the gateway: its address and key from the environment, the time-out, one retry for reads. */
import { env } from '$env/dynamic/private';

export interface Gateway {
	base: string;
	key: string | null;
	/** Milliseconds within which a response has to begin. */
	timeout: number;
	fetch: typeof fetch;
}

export function configuredGateway(): Gateway {
	return {
		base: (env.PUNKCAST_GATEWAY_URL || 'http://127.0.0.1:8000').replace(/\/+$/, ''),
		key: env.PUNKCAST_GATEWAY_KEY || null,
		timeout: Number(env.PUNKCAST_GATEWAY_TIMEOUT_MS || 5000),
		fetch
	};
}

/** The gateway could not be reached, or did not respond in time. */
export class GatewayUnavailable extends Error {
	constructor(readonly timedOut: boolean) {
		super(timedOut ? 'The gateway did not respond in time.' : 'The gateway could not be reached.');
	}
}

type GatewayRequest = RequestInit & { stream?: boolean };
const RETRIED = new Set([502, 503, 504]);
const PAUSE_MS = 150;

/**
 * One request to the gateway. A GET or HEAD is retried once if the gateway cannot be reached or returns 502 to 504
 * without Retry-After. Both attempts share one time-out.
 *
 * @throws GatewayUnavailable
 */
export async function send(gateway: Gateway, path: string, request: GatewayRequest): Promise<Response> {
	const attempts = (request.method ?? 'GET') === 'GET' || request.method === 'HEAD' ? 2 : 1;
	const deadline = Date.now() + gateway.timeout;
	for (let attempt = 1; ; attempt++) {
		const last = attempt === attempts;
		try {
			const response = await sendOnce(gateway, path, request, deadline - Date.now());
			if (last || !RETRIED.has(response.status) || response.headers.has('Retry-After')) return response;
			await response.body?.cancel();
		} catch (error) {
			if (last || (error instanceof GatewayUnavailable && error.timedOut) || request.signal?.aborted) throw error;
		}
		if (deadline - Date.now() < PAUSE_MS) throw new GatewayUnavailable(true);
		await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
	}
}

async function sendOnce(gateway: Gateway, path: string, request: GatewayRequest, timeout: number): Promise<Response> {
	const { stream, signal, ...init } = request;
	const expiry = new AbortController();
	const timer = setTimeout(() => expiry.abort(), Math.max(timeout, 1));
	const signals = [expiry.signal, ...(signal ? [signal] : [])];
	try {
		const response = await gateway.fetch(gateway.base + path, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) });
		// The headers are here. A stream may now run without limit; a body gets the same time-out again.
		if (stream) clearTimeout(timer);
		else timer.refresh?.();
		return response;
	} catch {
		clearTimeout(timer);
		throw new GatewayUnavailable(expiry.signal.aborted);
	}
}
