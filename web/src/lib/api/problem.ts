/** RFC 9457 problem details, the one shape of everything that goes wrong: the gateway's and the proxy's own. */
export interface Problem {
	type: string;
	title: string;
	status: number;
	detail: string;
	instance: string;
	next_step: string;
	errors?: { location: string; rule: string }[];
}

export const PROBLEM_TYPES = 'https://punkcast.dev/problems/';
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const OWN: Record<string, { status: number; title: string; next_step: string }> = {
	'not-found': {
		status: 404,
		title: 'Not found',
		next_step: 'See the API page for the paths there are.'
	},
	'method-not-allowed': {
		status: 405,
		title: 'Method not allowed',
		next_step: 'See the Allow header.'
	},
	'payload-too-large': {
		status: 413,
		title: 'Payload too large',
		next_step: 'Bodies have at most 64 KiB.'
	},
	'bad-gateway': {
		status: 502,
		title: 'The gateway gave no usable answer',
		next_step: 'Try again in a minute; the status page tells more.'
	},
	unavailable: {
		status: 503,
		title: 'The gateway is away',
		next_step: 'Try again in a few seconds.'
	},
	'gateway-timeout': {
		status: 504,
		title: 'The gateway took too long',
		next_step: 'Try again in a few seconds.'
	}
};

export type OwnSlug = keyof typeof OWN;

/** A problem of the site's own, in the gateway's shape. */
export function problem(slug: string, detail: string, instance: string): Problem {
	const known = OWN[slug];
	if (!known) throw new Error(`no problem is called ${slug}`);
	return { type: PROBLEM_TYPES + slug, title: known.title, status: known.status, detail, instance, next_step: known.next_step };
}

export function isProblem(value: unknown): value is Problem {
	if (typeof value !== 'object' || value === null) return false;
	const it = value as Record<string, unknown>;
	return typeof it.title === 'string' && typeof it.status === 'number' && typeof it.detail === 'string';
}

/** Whatever an upstream said with an error status, as a problem; its own words only if they are a problem already. */
export function asProblem(status: number, body: unknown, instance: string): Problem {
	if (isProblem(body)) {
		return {
			...body,
			type: typeof body.type === 'string' ? body.type : PROBLEM_TYPES + 'bad-gateway',
			next_step: typeof body.next_step === 'string' ? body.next_step : 'Try again in a minute.',
			instance,
			status
		};
	}
	if (status === 404) return problem('not-found', 'There is nothing here.', instance);
	if (status === 429)
		return {
			type: PROBLEM_TYPES + 'rate-limited',
			title: 'Too many requests',
			status,
			detail: 'The limit of requests is used up for now.',
			instance,
			next_step: 'Wait for the seconds in Retry-After.'
		};
	if (status === 503) return problem('unavailable', 'The gateway is not ready.', instance);
	return { ...problem('bad-gateway', `The gateway answered with status ${status}.`, instance), status: status >= 500 ? 502 : status };
}
