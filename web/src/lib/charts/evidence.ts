/** A sequential test as a chart: e-values step by step on a log scale, with the threshold that ends the test. */
import type { Schemas } from '$lib/api/client';
import { evidence, plural } from '$lib/format/numbers';
import type { Chart } from './series';

type Path = Schemas['EValuePath'];
const favourable = ({ kind }: Path) => (kind === 'shadow' ? 'Non-inferior' : 'Better');

export function evidenceChart(path: Path): Chart {
	// A log scale has no zero.
	const positive = (value: number) => Math.max(value, 1e-3);
	return {
		times: path.points.map(({ step }) => step),
		lines: [
			{ name: 'Worse', tone: 'ask', width: 2.5, values: path.points.map(({ e_worse }) => positive(e_worse)) },
			{ name: favourable(path), tone: 'value', dashed: true, values: path.points.map(({ e_better }) => positive(e_better)) }
		],
		threshold: { at: path.threshold, name: `threshold ${evidence(path.threshold)}` },
		format: evidence,
		logScale: true,
		stepAxis: true
	};
}

export function evidenceSummary(path: Path): string {
	const end = path.points.at(-1);
	return end
		? `After ${plural(path.steps, 'step')}: e-value ${evidence(end.e_worse)} for “worse”, ${evidence(end.e_better)} for “${favourable(path).toLowerCase()}”.`
		: 'No sales yet.';
}
