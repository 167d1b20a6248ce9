import { error } from '@sveltejs/kit';
import { read, type Schemas } from '$lib/api/client';
import { looks } from '$lib/punks/looks';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
	depends(VALUES);
	const found = await read<Schemas['TraitDocument']>(fetch, `/v1/traits/${encodeURIComponent(params.name)}`);
	if (found.problem) error(found.problem.status, { message: found.problem.title, problem: found.problem });
	const ids = [...found.data.recent_sales, ...found.data.lowest_asks].map(({ punk_id }) => punk_id);
	return { found: found.data, looks: await looks(fetch, ids) };
};
