import { building } from '$app/environment';
import { read, type Schemas } from '$lib/api/client';
import { STATUS, VALUES } from '$lib/state/live.svelte';
import type { LayoutLoad } from './$types';

export const load: LayoutLoad = async ({ fetch, depends }) => {
	depends(STATUS, VALUES);
	// Prerendered pages load these in the browser, after hydration.
	if (building) return { status: null, market: null };
	const [status, market] = await Promise.all([
		read<Schemas['StatusDocument']>(fetch, '/v1/status'),
		read<Schemas['MarketDocument']>(fetch, '/v1/market')
	]);
	return { status: status.data, market: market.data };
};
