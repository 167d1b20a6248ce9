/** The path of a sequential test as a chart: evidence step by step, by ratio, with the line at which it ends. */
import type { Schemas } from '$lib/api/client';
import { evidence } from '$lib/format/numbers';
import type { Chart } from './series';

export function evidenceChart(path: Schemas['EValuePath']): Chart {
	// A ratio axis has no zero.
	const above = (value: number) => Math.max(value, 1e-3);
	return {
		times: path.points.map(({ step }) => step),
		lines: [
			{ name: 'Worse than the other', tone: 'ask', width: 2.5, values: path.points.map(({ e_worse }) => above(e_worse)) },
			{ name: path.kind === 'shadow' ? 'Not worse by the margin' : 'Better', tone: 'value', dashed: true, values: path.points.map(({ e_better }) => above(e_better)) }
		],
		mark: { at: path.threshold, name: `ends at ${evidence(path.threshold)}` },
		format: evidence,
		ratio: true,
		counted: true
	};
}
