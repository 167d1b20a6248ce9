import { read, type Schemas } from '$lib/api/client';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends }) => {
	depends(VALUES);
	return { traits: await read<Schemas['TraitsDocument']>(fetch, '/v1/traits') };
};
