import { json } from '@sveltejs/kit';
import { gateway } from '$lib/server/gateway';
import { looksOf } from '$lib/server/looks';
import type { RequestHandler } from './$types';

const MOST = 300;

/** `?id=1&id=2`: type, skin and traits by punk, for portraits. Punks that are not known are left out. */
export const GET: RequestHandler = async ({ url }) => {
	const ids = url.searchParams.getAll('id').map(Number).filter((id) => Number.isInteger(id) && id >= 0 && id <= 9999);
	const found = await looksOf(gateway(), ids.slice(0, MOST));
	const all = Object.keys(found).length === new Set(ids).size;
	return json(found, { headers: { 'cache-control': all ? 'public, max-age=3600' : 'no-store' } });
};
