/** Looks (type, skin, traits) of punks that a page knows by number only. */
import type { Looks } from '$lib/portrait/portrait';
import { query } from '$lib/api/client';

export type LooksById = Record<number, Looks>;
export const UNKNOWN: Looks = { type: null, skin: null, traits: [] };

/** Never fails: punks missing from the result are drawn with unknown looks. */
export async function looks(fetcher: typeof fetch, ids: readonly number[]): Promise<LooksById> {
	if (ids.length === 0) return {};
	try {
		const answer = await fetcher(`/api/looks${query({ id: [...new Set(ids)].sort((a, b) => a - b) })}`);
		return answer.ok ? ((await answer.json()) as LooksById) : {};
	} catch {
		return {};
	}
}
