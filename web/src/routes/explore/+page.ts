import { browser } from '$app/environment';
import { read, type Answer, type Schemas } from '$lib/api/client';
import { tableOf, type PunkTable } from '$lib/punks/table';
import { VALUES } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = ({ fetch, depends }) => {
	depends(VALUES);
	// The table is a quarter of a megabyte: the browser fetches and caches it, instead of the server embedding it in the page.
	return { table: browser ? table(fetch) : null };
};

async function table(fetcher: typeof fetch): Promise<Answer<PunkTable>> {
	const answer = await read<Schemas['ColumnsDocument']>(fetcher, '/v1/punks/columns');
	return answer.data ? { data: tableOf(answer.data), problem: null } : answer;
}
