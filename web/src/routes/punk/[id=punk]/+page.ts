import { error } from '@sveltejs/kit';
import { read, type Schemas } from '$lib/api/client';
import { looks } from '$lib/punks/looks';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params, depends }) => {
	depends(VALUES);
	const [punk, history] = await Promise.all([
		read<Schemas['PunkDocument']>(fetch, `/v1/punks/${params.id}`),
		read<Schemas['HistoryDocument']>(fetch, `/v1/punks/${params.id}/history`, { points: 600 })
	]);
	if (punk.problem) error(punk.problem.status, { message: punk.problem.title, problem: punk.problem });
	return {
		punk: punk.data,
		history,
		looks: await looks(fetch, (punk.data.comparables ?? []).map(({ punk_id }) => punk_id))
	};
};
