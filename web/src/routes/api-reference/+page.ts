import { read } from '$lib/api/client';
import type { PageLoad } from './$types';
import { operations, type Document } from './operations';

export const load: PageLoad = async ({ fetch }) => {
	const document = await read<Document>(fetch, '/openapi.json');
	return { problem: document.problem, groups: document.data ? operations(document.data) : [] };
};
