import { read, type Schemas } from '$lib/api/client';
import { looks } from '$lib/punks/looks';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

const ROWS = 6;

export const load: PageLoad = async ({ fetch, depends }) => {
	depends(VALUES);
	const [series, deals, sales, record] = await Promise.all([
		read<Schemas['MarketSeriesDocument']>(fetch, '/v1/market/series'),
		read<Schemas['DealsDocument']>(fetch, '/v1/deals', { limit: 12 }),
		read<Schemas['Page_Outcome_']>(fetch, '/v1/outcomes', { horizon: 'latest', order: 'desc', limit: 12 }),
		read<Schemas['PerformanceDocument']>(fetch, '/v1/performance')
	]);
	const ids = [...(deals.data?.items ?? []), ...(sales.data?.items ?? [])].map(({ punk_id }) => punk_id);
	return { series, deals, sales, record, shown: ROWS, looks: await looks(fetch, ids) };
};
