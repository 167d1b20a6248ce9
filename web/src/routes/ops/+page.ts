import { read, type Schemas } from '$lib/api/client';
import { MODELS, STATUS } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
	depends(MODELS, STATUS, 'punkcast:ops');
	const [requests, models, current, freezes] = await Promise.all([
		read<Schemas['Page_TrainingRequest_']>(fetch, '/v1/training-requests', { limit: 15 }),
		read<Schemas['Page_ModelSummary_']>(fetch, '/v1/models', { limit: 50 }),
		read<Schemas['CurrentModel']>(fetch, '/v1/models/current'),
		read<Schemas['List_Freeze_']>(fetch, '/v1/freezes', { active: true })
	]);
	return { requests, models, current, freezes };
};
