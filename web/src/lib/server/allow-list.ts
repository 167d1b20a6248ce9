/**
 * The gateway paths that this site forwards, each with its methods. Every other path is a 404 here and never reaches
 * the gateway. Probes, metrics and webhooks stay private.
 */
type Method = 'GET' | 'POST';
interface Allowed {
	path: string;
	methods: readonly Method[];
	/** Forwards the key that an operator typed, never the site's own key. */
	operator?: true;
	/** Streams for as long as the reader listens, without a time-out. */
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
	// A trait's name or id, as browsers encode it; no leading dot, no encoded slash.
	name: "[A-Za-z0-9](?:[A-Za-z0-9 .':-]|%20|%3A|%27){0,80}"
};

const COMPILED = ALLOWED.map((allowed) => ({
	...allowed,
	pattern: new RegExp(`^${allowed.path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, (_, kind: string) => `(?:${SEGMENT[kind]})`)}$`)
}));

export interface Permission {
	methods: readonly string[];
	operator: boolean;
	stream: boolean;
}

/** What a reader may do with a gateway path; null if it is not forwarded. */
export function permission(path: string): Permission | null {
	const matches = COMPILED.filter(({ pattern }) => pattern.test(path));
	if (matches.length === 0) return null;
	const methods = new Set<string>(matches.flatMap(({ methods }) => methods));
	if (methods.has('GET')) methods.add('HEAD');
	return {
		methods: [...methods].sort(),
		operator: matches.some(({ operator }) => operator),
		stream: matches.some(({ stream }) => stream)
	};
}
