import { read, type Schemas } from '$lib/api/client';
import { MODELS } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends, url }) => {
	depends(MODELS);
	const [current, models, lifecycle, paths, decisions, shadows] = await Promise.all([
		read<Schemas['CurrentModel']>(fetch, '/v1/models/current'),
		read<Schemas['Page_ModelSummary_']>(fetch, '/v1/models', { limit: 100 }),
		read<Schemas['Page_LifecycleEvent_']>(fetch, '/v1/lifecycle', { limit: 60, kind: url.searchParams.getAll('kind'), cursor: url.searchParams.get('cursor') }),
		read<Schemas['List_EValuePath_']>(fetch, '/v1/lifecycle/evalue', { limit: 6, max_points: 300 }),
		read<Schemas['Page_DecisionRecord_']>(fetch, '/v1/decisions', { limit: 20 }),
		read<Schemas['List_ShadowDocument_']>(fetch, '/v1/shadows')
	]);
	return { current, models, lifecycle, paths, decisions, shadows };
};
