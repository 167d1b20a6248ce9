import { read, type Schemas } from '$lib/api/client';
import { STATUS } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
	depends(STATUS);
	return { platform: await read<Schemas['StatusDocument']>(fetch, '/v1/status') };
};
