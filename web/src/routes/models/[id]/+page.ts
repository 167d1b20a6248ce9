import { error } from '@sveltejs/kit';
import { read, readText, type Schemas } from '$lib/api/client';
import { MODELS } from '$lib/state/live.svelte';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, depends, params }) => {
	depends(MODELS);
	const path = `/v1/models/${encodeURIComponent(params.id)}`;
	const [lineage, evidence, card, paths] = await Promise.all([
		read<Schemas['Lineage']>(fetch, `${path}/lineage`),
		read<Schemas['EvidenceDocument']>(fetch, `${path}/evidence`),
		readText(fetch, `${path}/card`),
		read<Schemas['List_EValuePath_']>(fetch, '/v1/lifecycle/evalue', { model_id: params.id, max_points: 300 })
	]);
	if (lineage.problem) error(lineage.problem.status, { message: lineage.problem.title, problem: lineage.problem });
	// HTML in the Markdown is escaped: people write the reasons in it.
	const html = card.data === null ? null : (await import('markdown-it')).default({ html: false }).render(card.data.replace(/^# .*\n/, ''));
	return { lineage: lineage.data, evidence, card: html, cardProblem: card.problem, paths };
};
