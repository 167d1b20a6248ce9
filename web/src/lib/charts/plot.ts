/** Draws a chart with uPlot. Imported only when the first chart comes near the viewport. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { day } from '$lib/format/times';
import type { Chart, Line, Tone } from './series';

const VARIABLE: Record<Tone, string> = { value: '--value', ask: '--ask', bid: '--bid', ink: '--ink', soft: '--strong-line', band: '--band80' };

export interface Drawn {
	/** Moves the cursor to a data index. */
	point(at: number | null): void;
	destroy(): void;
}

export function draw(into: HTMLElement, chart: Chart, height: number, onCursor: (at: number | null) => void): Drawn {
	const style = getComputedStyle(into);
	// A canvas does not understand light-dark(); an element resolves it to a colour.
	const probe = into.appendChild(document.createElement('i'));
	const colour = (name: string) => {
		probe.style.color = `var(${name})`;
		return getComputedStyle(probe).color;
	};
	const tone = Object.fromEntries(Object.entries(VARIABLE).map(([name, variable]) => [name, colour(variable)])) as Record<Tone, string>;
	const [soft, grid, band] = [colour('--soft'), colour('--line'), colour('--band90')];
	probe.remove();
	const font = `500 12px ${style.fontFamily}`;
	const axis = { stroke: soft, font, grid: { stroke: grid, width: 1 }, ticks: { show: false }, border: { show: false } };
	const bars = chart.lines.some((line) => line.bars);
	const options: uPlot.Options = {
		width: into.clientWidth,
		height,
		// Room for the last axis label, which sticks out.
		padding: [10, 18, 0, 0],
		cursor: {
			y: false,
			points: { size: 8, width: 2, fill: colour('--paper'), stroke: (_, at) => tone[chart.lines[at - 1]?.tone ?? 'ink'] },
			drag: { x: true, y: false, uni: 20 }
		},
		legend: { show: false },
		scales: {
			x: { time: !chart.stepAxis, range: bars || chart.times.length < 2 ? (_, low, high) => widened(low, high, chart) : undefined },
			y: {
				distr: chart.logScale ? 3 : 1,
				range: chart.logScale
					? undefined
					: (_, low, high) => {
							const [from, to] = [chart.zero ? Math.min(low, 0) : low, Math.max(high, chart.threshold?.at ?? high)];
							return uPlot.rangeNum(from, to, { min: { pad: 0.06, soft: 0, mode: chart.zero ? 1 : 3 }, max: { pad: 0.08, soft: 0, mode: 3 } });
						}
			},
			bars: { range: (_, __, high) => [0, Math.max(high, 1) * 4.5] }
		},
		axes: [
			{ ...axis, grid: { show: false }, space: 74, size: 30, values: chart.stepAxis ? undefined : (plot, splits) => labels(splits) },
			{ ...axis, size: 54, space: 42, gap: 6, values: (_, splits) => splits.map((value) => (value === null ? '' : chart.format(value))), ...(chart.logScale ? { filter: powers, grid: { stroke: grid, width: 1, filter: powers } } : {}) },
			...(bars ? [{ show: false, scale: 'bars' }] : [])
		],
		bands: chart.band ? [{ series: [chart.band[0] + 1, chart.band[1] + 1], fill: band }] : [],
		series: [{}, ...chart.lines.map((line) => seriesOf(line, tone, chart.times.length < 3))],
		hooks: {
			setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)],
			draw: chart.threshold ? [(plot) => drawThreshold(plot, chart.threshold!, tone.ask, font)] : []
		}
	};
	const data = [[...chart.times], ...chart.lines.map(({ values }) => [...values])] as uPlot.AlignedData;
	const plot = new uPlot(options, data, into);
	return {
		point(at) {
			const time = at === null ? undefined : chart.times[at];
			plot.setCursor({ left: time === undefined ? -10 : plot.valToPos(time, 'x'), top: 10 });
		},
		destroy: () => plot.destroy()
	};
}

/** A log axis labels only powers of ten. */
const powers = (_: uPlot, splits: number[]) => splits.map((at) => (Math.abs(Math.log10(at) % 1) < 1e-9 ? at : null));

/** Adds room for the first and the last bar, and for a single point. */
function widened(low: number, high: number, { times, stepAxis }: Chart): [number, number] {
	// uPlot passes years as the range of a single instant.
	if (times.length < 2) high = low;
	const step = times.length > 1 ? (high - low) / (times.length - 1) : stepAxis ? 1 : 30 * 86_400;
	return [low - step / 2, high + step / 2];
}

/** `few`: too few points for a visible line, so draw the points as well. */
function seriesOf(line: Line, tone: Record<Tone, string>, few: boolean): uPlot.Series {
	const stroke = line.edge ? 'transparent' : tone[line.tone];
	const common = { label: line.name, stroke, spanGaps: !line.steps };
	if (line.bars) return { ...common, scale: 'bars', fill: tone.band, stroke: tone.band, paths: uPlot.paths.bars!({ size: [0.8, 14] }), points: { show: false } };
	if (line.points) return { ...common, paths: () => null, points: { show: true, size: 8, width: 2, stroke } };
	return {
		...common,
		width: line.edge ? 0 : (line.width ?? 2),
		dash: line.dashed ? [6, 5] : undefined,
		paths: line.steps ? uPlot.paths.stepped!({ align: 1 }) : undefined,
		points: { show: few && !line.edge, size: 9, fill: stroke, stroke }
	};
}

function labels(splits: number[]): string[] {
	const step = (splits[1] ?? 0) - (splits[0] ?? 0);
	let before = '';
	return splits.map((at) => {
		const [number, month, year = ''] = day(at * 1000).split(' ');
		const newYear = year !== before;
		before = year;
		if (step < 86_400 && splits.length > 1) return new Date(at * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
		if (step > 27 * 86_400) return newYear ? `${month} ${year}` : `${month}`;
		// The first label of a new year names the year.
		return newYear ? `${number} ${month} ${year}` : `${number} ${month}`;
	});
}

function drawThreshold(plot: uPlot, threshold: { at: number; name: string }, stroke: string, font: string): void {
	const { ctx, bbox } = plot;
	const y = Math.round(plot.valToPos(threshold.at, 'y', true));
	if (y < bbox.top || y > bbox.top + bbox.height) return;
	ctx.save();
	ctx.strokeStyle = ctx.fillStyle = stroke;
	ctx.lineWidth = devicePixelRatio;
	ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
	ctx.beginPath();
	ctx.moveTo(bbox.left, y);
	ctx.lineTo(bbox.left + bbox.width, y);
	ctx.stroke();
	ctx.font = font.replace('12px', `${12 * devicePixelRatio}px`);
	ctx.textAlign = 'left';
	ctx.fillText(threshold.name, bbox.left + 4 * devicePixelRatio, y - 5 * devicePixelRatio);
	ctx.restore();
}
