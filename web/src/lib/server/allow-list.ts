/**
 * What of the gateway passes through the site: each path with its methods. Everything else is a 404 here, whatever
 * the gateway would say. Probes, metrics and webhooks stay inside.
 */
type Method = 'GET' | 'POST';
interface Allowed {
	path: string;
	methods: readonly Method[];
	/** A person's own key, typed on the operators' page, is passed on; the site's key is not used. */
	operator?: true;
	/** Streams as long as the reader listens; no time-out. */
	stream?: true;
}

const READ = ['GET'] as const;
const WRITE = ['POST'] as const;
const BOTH = ['GET', 'POST'] as const;

export const ALLOWED: readonly Allowed[] = [
	{ path: '/openapi.json', methods: READ },
	{ path: '/v1/punks', methods: READ },
	{ path: '/v1/punks/columns', methods: READ },
	{ path: '/v1/punks/{punk}', methods: READ },
	{ path: '/v1/punks/{punk}/{part}', methods: READ },
	{ path: '/v1/nowcasts', methods: READ },
	{ path: '/v1/nowcasts/{generation}', methods: READ },
	{ path: '/v1/nowcasts/{generation}/proof/{punk}', methods: READ },
	{ path: '/v1/market', methods: READ },
	{ path: '/v1/market/{part}', methods: READ },
	{ path: '/v1/traits', methods: READ },
	{ path: '/v1/traits/{name}', methods: READ },
	{ path: '/v1/deals', methods: READ },
	{ path: '/v1/performance', methods: READ },
	{ path: '/v1/outcomes', methods: READ },
	{ path: '/v1/exclusions', methods: READ },
	{ path: '/v1/backtest', methods: READ },
	{ path: '/v1/backtest/{part}', methods: READ },
	{ path: '/v1/models', methods: READ },
	{ path: '/v1/models/{id}', methods: READ },
	{ path: '/v1/models/{id}/{part}', methods: READ },
	{ path: '/v1/models/{id}/promote', methods: WRITE, operator: true },
	{ path: '/v1/models/{id}/rollback', methods: WRITE, operator: true },
	{ path: '/v1/models/{id}/quarantine', methods: WRITE, operator: true },
	{ path: '/v1/shadows', methods: READ },
	{ path: '/v1/decisions', methods: READ },
	{ path: '/v1/decisions/{id}', methods: READ },
	{ path: '/v1/lifecycle', methods: READ },
	{ path: '/v1/lifecycle/evalue', methods: READ },
	{ path: '/v1/status', methods: READ },
	{ path: '/v1/events', methods: READ, stream: true },
	{ path: '/v1/freezes', methods: BOTH, operator: true },
	{ path: '/v1/freezes/{id}/lift', methods: WRITE, operator: true },
	{ path: '/v1/training-requests', methods: BOTH, operator: true },
	{ path: '/v1/training-requests/{id}', methods: READ },
	{ path: '/v1/training-requests/{id}/cancel', methods: WRITE, operator: true }
];

const SEGMENT: Record<string, string> = {
	punk: '\\d{1,4}',
	generation: '(?:current|\\d{1,12})',
	part: '[a-z][a-z0-9-]{0,40}',
	id: '[A-Za-z0-9-]{1,64}',
	// A trait's name or id, as browsers encode it; no dots in front, no encoded slash.
	name: "[A-Za-z0-9](?:[A-Za-z0-9 .':-]|%20|%3A|%27){0,80}"
};

const COMPILED = ALLOWED.map((allowed) => ({
	...allowed,
	pattern: new RegExp(`^${allowed.path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, (_, kind: string) => `(?:${SEGMENT[kind]})`)}$`)
}));

export interface Passage {
	methods: readonly string[];
	operator: boolean;
	stream: boolean;
}

/** How a path of the gateway may be used from outside, or null: not at all. */
export function passage(path: string): Passage | null {
	const matching = COMPILED.filter(({ pattern }) => pattern.test(path));
	if (matching.length === 0) return null;
	const methods = new Set<string>(matching.flatMap(({ methods }) => methods));
	if (methods.has('GET')) methods.add('HEAD');
	return {
		methods: [...methods].sort(),
		operator: matching.some(({ operator }) => operator),
		stream: matching.some(({ stream }) => stream)
	};
}
