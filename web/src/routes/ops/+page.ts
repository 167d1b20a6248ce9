import { read, type Schemas } from '$lib/api/client';
import { MODELS, STATUS } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
	depends(MODELS, STATUS, 'punkcast:ops');
	const [requests, models, current, freezes] = await Promise.all([
		read<Schemas['TrainingRequestPage']>(fetch, '/v1/training-requests', { limit: 15 }),
		read<Schemas['ModelPage']>(fetch, '/v1/models', { limit: 50 }),
		read<Schemas['CurrentModel']>(fetch, '/v1/models/current'),
		read<Schemas['FreezeList']>(fetch, '/v1/freezes', { active: true })
	]);
	return { requests, models, current, freezes };
};
