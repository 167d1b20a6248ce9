import { read, type Schemas } from '$lib/api/client';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends, url }) => {
	depends(VALUES);
	const param = (name: string) => url.searchParams.get(name);
	const horizon = ['24h', '7d'].find((one) => one === param('horizon')) ?? 'latest';
	const exclusions = param('exclusions') === 'false' ? false : null;
	const [record, outcomes, excluded] = await Promise.all([
		read<Schemas['PerformanceDocument']>(fetch, '/v1/performance', { horizon, exclusions, model_id: param('model_id') }),
		read<Schemas['Page_Outcome_']>(fetch, '/v1/outcomes', { horizon, exclusions, model_id: param('model_id'), order: 'desc', limit: 500, cursor: param('cursor') }),
		read<Schemas['ExclusionPage']>(fetch, '/v1/exclusions', { limit: 1 })
	]);
	return { record, outcomes, excluded, horizon, validOnly: exclusions === null };
};
