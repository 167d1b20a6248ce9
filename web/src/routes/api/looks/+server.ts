import { json } from '@sveltejs/kit';
import { configuredGateway } from '$lib/server/gateway';
import { looksOf } from '$lib/server/looks';
import type { RequestHandler } from './$types';

const MAX_IDS = 300;

/** `?id=1&id=2`: type, skin and traits by punk, for portraits. Unknown punks are left out. */
export const GET: RequestHandler = async ({ url }) => {
	const ids = url.searchParams.getAll('id').map(Number).filter((id) => Number.isInteger(id) && id >= 0 && id <= 9999);
	const looks = await looksOf(configuredGateway(), ids.slice(0, MAX_IDS));
	const complete = Object.keys(looks).length === new Set(ids).size;
	return json(looks, { headers: { 'cache-control': complete ? 'public, max-age=3600' : 'no-store' } });
};
