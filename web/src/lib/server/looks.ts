/** What punks look like: immutable facts, read from the gateway once and kept, so that any page can draw any punk. */
import type { Schemas } from '$lib/api/client';
import type { Looks } from '$lib/portrait/portrait';
import { ask, type Gateway } from './gateway';

const KEPT_MS = 10 * 60_000;
let known: { at: number; base: string; looks: Map<number, Looks> } | null = null;
let reading: Promise<void> | null = null;

/** Looks of the punks asked for, as far as they are known; after the first time nobody waits for a newer reading. */
export async function looksOf(to: Gateway, ids: readonly number[]): Promise<Record<number, Looks>> {
	const old = !known || known.base !== to.base || Date.now() - known.at > KEPT_MS;
	if (old) {
		reading ??= renewed(to).finally(() => (reading = null));
		if (!known || known.base !== to.base) await reading.catch(() => undefined);
		else reading.catch(() => undefined);
	}
	const found: Record<number, Looks> = {};
	for (const id of ids) {
		const looks = known?.looks.get(id);
		if (looks) found[id] = looks;
	}
	return found;
}

async function renewed(to: Gateway): Promise<void> {
	const headers: Record<string, string> = to.key ? { authorization: `Bearer ${to.key}` } : {};
	const answer = await ask(to, '/v1/punks/columns', { headers });
	if (!answer.ok) throw new Error(`the gateway answered ${answer.status}`);
	const { types, skins, traits, columns } = (await answer.json()) as Schemas['ColumnsDocument'];
	const looks = columns.punk_id.map((id, at): [number, Looks] => {
		const [type, skin] = [columns.type[at], columns.skin[at]];
		return [
			id,
			{
				type: type === null || type === undefined ? null : (types[type] ?? null),
				skin: skin === null || skin === undefined ? null : (skins[skin] ?? null),
				traits: (columns.traits[at] ?? []).flatMap((one) => traits[one] ?? [])
			}
		];
	});
	known = { at: Date.now(), base: to.base, looks: new Map(looks) };
}
