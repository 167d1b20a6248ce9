/** Type, skin and traits of all punks, cached from the gateway, so that any page can draw any punk. */
import type { Schemas } from '$lib/api/client';
import type { Looks } from '$lib/portrait/portrait';
import { looksAt } from '$lib/punks/table';
import { send, type Gateway } from './gateway';

const TTL_MS = 10 * 60_000;
let cache: { at: number; base: string; looks: Map<number, Looks> } | null = null;
let refreshing: Promise<void> | null = null;

/** Looks of the requested punks; unknown ones are left out. Only the first call waits: later ones get the cache while it refreshes. */
export async function looksOf(gateway: Gateway, ids: readonly number[]): Promise<Record<number, Looks>> {
	const missing = !cache || cache.base !== gateway.base;
	if (missing || Date.now() - cache!.at > TTL_MS) {
		refreshing ??= refresh(gateway).finally(() => (refreshing = null));
		const done = refreshing.catch(() => undefined);
		if (missing) await done;
	}
	const result: Record<number, Looks> = {};
	for (const id of ids) {
		const looks = cache?.looks.get(id);
		if (looks) result[id] = looks;
	}
	return result;
}

async function refresh(gateway: Gateway): Promise<void> {
	const headers: Record<string, string> = gateway.key ? { authorization: `Bearer ${gateway.key}` } : {};
	const response = await send(gateway, '/v1/punks/columns', { headers });
	if (!response.ok) throw new Error(`the gateway returned status ${response.status}`);
	const document = (await response.json()) as Schemas['ColumnsDocument'];
	const looks = document.columns.punk_id.map((id, at) => [id, looksAt(document, at)] as const);
	cache = { at: Date.now(), base: gateway.base, looks: new Map(looks) };
}
