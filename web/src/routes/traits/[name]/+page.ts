import { error } from '@sveltejs/kit';
import { read, type Schemas } from '$lib/api/client';
import { looks } from '$lib/punks/looks';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
	depends(VALUES);
	const trait = await read<Schemas['TraitDocument']>(fetch, `/v1/traits/${encodeURIComponent(params.name)}`);
	if (trait.problem) error(trait.problem.status, { message: trait.problem.title, problem: trait.problem });
	const ids = [...trait.data.recent_sales, ...trait.data.lowest_asks].map(({ punk_id }) => punk_id);
	return { trait: trait.data, looks: await looks(fetch, ids) };
};
