import type uPlot from 'uplot';
import { axisTimes, format } from '../format';
import type { Panel } from '../panels/panel';
import type { Ink } from '../theme';
import type { Drawn } from './drawn';
import { hueOf } from './hues';
import { marks } from './scale';

export interface Surroundings {
	readonly width: number;
	readonly height: number;
	readonly ink: Ink;
	readonly scale: () => [number, number];
	readonly hooks: uPlot.Hooks.Arrays;
}

const font = '10.5px ui-sans-serif, system-ui, sans-serif';
const left = 58; // the same for all, so that times stand under each other

/** What uPlot is told about a panel. Times are milliseconds. */
export function options(panel: Panel, drawn: Drawn, around: Surroundings): uPlot.Options {
	const { ink } = around;
	const heat = panel.kind === 'heat';
	return {
		width: around.width,
		height: around.height,
		ms: 1,
		padding: [6, 16, 0, 0],
		legend: { show: false },
		focus: { alpha: 1 },
		cursor: {
			sync: { key: 'page', scales: ['x', null], setSeries: false, filters: { pub: follows } },
			drag: { x: true, y: false, setScale: false },
			points: { show: !heat, size: 6, width: 0 },
			y: false,
			bind: { dblclick: () => null },
		},
		scales: { x: { time: true, auto: false }, y: { auto: false, range: around.scale } },
		axes: [
			{
				stroke: ink.text,
				font,
				size: 24,
				gap: 4,
				space: 48,
				grid: { show: !heat, stroke: ink.grid, width: 1 },
				ticks: { show: false },
				values: (_, splits, __, ___, increment) => axisTimes(splits, increment / 1000),
			},
			{
				stroke: ink.text,
				font,
				size: left,
				gap: 6,
				grid: { show: !heat, stroke: ink.grid, width: 1 },
				ticks: { show: false },
				...(heat ? strips(drawn) : scale(panel)),
			},
		],
		series: [{}, ...drawn.shown.map((_, n) => series(panel, drawn, n, ink))],
		bands: bands(drawn.stacked),
		hooks: around.hooks,
	};
}

// The cursor is shared by all charts; what is dragged over concerns the one under the pointer.
function follows(type: string): boolean {
	return type !== 'mousedown' && type !== 'mouseup' && type !== 'click' && type !== 'dblclick';
}

function scale(panel: Panel): Partial<uPlot.Axis> {
	return {
		splits: (_, __, low, high) => marks(low, high),
		values: (_, splits) => splits.map((v) => format(Math.abs(v), panel.unit)),
	};
}

/** The names of strips stand beside their middles; of many, only some have room. */
function strips(drawn: Drawn): Partial<uPlot.Axis> {
	const n = drawn.shown.length;
	const every = Math.max(1, Math.ceil(n / 10));
	return {
		splits: () => drawn.shown.map((_, i) => n - i - 0.5),
		values: () => drawn.shown.map((l, i) => (i % every === 0 ? `cpu ${l.name}` : '')),
	};
}

function series(panel: Panel, drawn: Drawn, n: number, ink: Ink): uPlot.Series {
	const line = drawn.shown[n];
	if (!line) return {};
	if (panel.kind === 'heat') return { paths: () => null, points: { show: false } };
	const colour = ink.series[hueOf(line.hue, ink.series.length)] ?? ink.text;
	const stacked = n < drawn.stacked;
	const base: uPlot.Series = { stroke: colour, width: 1.25, spanGaps: false, points: { show: alone, size: 3 } };
	if (stacked) return { ...base, width: 1, fill: `${colour}${line.hue === 'free' ? '18' : 'a0'}` };
	if (line.loose) return { ...base, dash: [4, 3] };
	return { ...base, fill: `${colour}${drawn.shown.length > 8 ? '0c' : '22'}`, fillTo: 0 };
}

/** Points are drawn only where a single one stands between holes and would not be seen. */
function alone(u: uPlot, n: number): boolean {
	const values = u.data[n];
	return values !== undefined && values.length < 3;
}

function bands(stacked: number): uPlot.Band[] {
	return Array.from({ length: Math.max(0, stacked - 1) }, (_, n) => ({ series: [n + 2, n + 1] as [number, number] }));
}
