import { read, type Schemas } from '$lib/api/client';
import { looks } from '$lib/punks/looks';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends, url }) => {
	depends(VALUES);
	const param = (name: string) => url.searchParams.get(name);
	const deals = await read<Schemas['DealsDocument']>(fetch, '/v1/deals', {
		min_probability: param('min_probability'), fee_percent: param('fee_percent'), type: param('type'), cursor: param('cursor'), limit: 50
	});
	return { deals, looks: await looks(fetch, (deals.data?.items ?? []).map(({ punk_id }) => punk_id)) };
};
