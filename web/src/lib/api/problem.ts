/** RFC 9457 problem details: the one format for errors, the gateway's and this site's. */
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
		next_step: 'See the API page for the available paths.'
	},
	'method-not-allowed': {
		status: 405,
		title: 'Method not allowed',
		next_step: 'Use a method that the Allow header lists.'
	},
	'payload-too-large': {
		status: 413,
		title: 'Payload too large',
		next_step: 'Send at most 64 KiB.'
	},
	'bad-gateway': {
		status: 502,
		title: 'The gateway sent an invalid response',
		next_step: 'Try again in a minute, or check the status page.'
	},
	unavailable: {
		status: 503,
		title: 'The gateway is unavailable',
		next_step: 'Try again in a few seconds.'
	},
	'gateway-timeout': {
		status: 504,
		title: 'The gateway timed out',
		next_step: 'Try again in a few seconds.'
	}
};

/** An error that this site raises itself. */
export function problem(slug: string, detail: string, instance: string): Problem {
	const known = OWN[slug];
	if (!known) throw new Error(`unknown problem: ${slug}`);
	return { type: PROBLEM_TYPES + slug, title: known.title, status: known.status, detail, instance, next_step: known.next_step };
}

export function isProblem(value: unknown): value is Problem {
	if (typeof value !== 'object' || value === null) return false;
	const it = value as Record<string, unknown>;
	return typeof it.title === 'string' && typeof it.status === 'number' && typeof it.detail === 'string';
}

function placesOf(errors: unknown): Problem['errors'] {
	if (!Array.isArray(errors)) return undefined;
	const places = errors.filter((one) => typeof one?.location === 'string' && typeof one?.rule === 'string');
	return places.map(({ location, rule }) => ({ location, rule }));
}

/** An upstream error as a problem. Of a problem document, only the members that are known are kept; other text never. */
export function asProblem(status: number, body: unknown, instance: string): Problem {
	if (isProblem(body)) {
		const errors = placesOf(body.errors);
		return {
			type: typeof body.type === 'string' ? body.type : PROBLEM_TYPES + 'bad-gateway',
			title: body.title,
			status,
			detail: body.detail,
			instance,
			next_step: typeof body.next_step === 'string' ? body.next_step : 'Try again in a minute.',
			...(errors && { errors })
		};
	}
	if (status === 404) return problem('not-found', 'Nothing exists at this address.', instance);
	if (status === 429)
		return {
			type: PROBLEM_TYPES + 'rate-limited',
			title: 'Too many requests',
			status,
			detail: 'The request limit is used up for now.',
			instance,
			next_step: 'Wait for the number of seconds in the Retry-After header.'
		};
	if (status === 503) return problem('unavailable', 'The gateway is not ready.', instance);
	return { ...problem('bad-gateway', `The gateway returned status ${status}.`, instance), status: status >= 500 ? 502 : status };
}
