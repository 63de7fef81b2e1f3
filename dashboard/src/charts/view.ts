import uPlot from 'uplot';
import type { Source } from '../data/source';
import { clock, format } from '../format';
import { type Ink, ink } from '../theme';
import { arrange, type Drawn, shape } from './drawn';
import { drawHeat } from './heat';
import { drawHoles } from './holes';
import { hueOf } from './hues';
import { Legend } from './legend';
import { options } from './options';
import { ceiling, niceMax } from './scale';
import { largest, newest } from './stack';

export interface Host {
	window(): [from: number, to: number];
	zoom(from: number, to: number): void;
	live(): void;
}

/**
 * ChartView draws one source into an element: it decides at each frame whether the
 * plot stays (then it takes one setData) or its lines have changed (then it is built
 * anew). Whoever makes it calls `destroy`.
 */
export class ChartView {
	private plot: uPlot | null = null;
	private built = '';
	private drawn: Drawn;
	private readonly hidden = new Set<string>();
	private readonly legend = new Legend((key, alone) => this.toggle(key, alone));
	private readonly time = document.createElement('span');
	private colours: Ink = ink();
	private high = 1;

	constructor(
		private readonly box: HTMLElement,
		legend: HTMLElement,
		private readonly source: Source,
		private readonly host: Host,
	) {
		this.drawn = arrange(source.panel, source.table, this.hidden);
		this.time.className = 'cursor-time';
		legend.append(this.legend.root);
	}

	get empty(): boolean {
		return this.drawn.lines.length === 0;
	}

	/** The cursor's place among the rows, or null. */
	get at(): number | null {
		return this.plot?.cursor.idx ?? null;
	}

	/** Takes what the source has now. */
	draw(): void {
		const { panel, table } = this.source;
		this.drawn = arrange(panel, table, this.hidden);
		const { width, height } = this.box.getBoundingClientRect();
		if (width < 80 || height < 40) return;
		this.measure();
		if (!this.plot || this.built !== shape(this.drawn)) this.build(width, height);
		const plot = this.plot;
		if (!plot) return;
		const [min, max] = this.host.window();
		plot.batch(() => {
			plot.setData(this.data(), false);
			plot.setScale('x', { min, max });
			const [low, high] = this.range();
			plot.setScale('y', { min: low, max: high });
		});
		this.values();
	}

	resize(): void {
		const { width, height } = this.box.getBoundingClientRect();
		if (this.plot && width >= 80) this.plot.setSize({ width, height });
		else this.draw();
	}

	/** Colours have changed. */
	repaint(): void {
		this.colours = ink();
		this.built = '';
		this.draw();
	}

	/** Moves the cursor by rows, for those who use no mouse. Null takes it away. */
	move(by: number | null): void {
		const { plot } = this;
		if (!plot) return;
		if (by === null) {
			plot.setCursor({ left: -10, top: -10 });
			return;
		}
		const [min, max] = this.host.window();
		const times = this.drawn.times;
		const i = Math.min(times.length - 1, Math.max(0, (this.at ?? times.length - 1) + by));
		const t = Math.min(max, Math.max(min, times[i] ?? max));
		plot.setCursor({ left: plot.valToPos(t, 'x'), top: plot.over.clientHeight / 2 });
	}

	destroy(): void {
		this.plot?.destroy();
		this.plot = null;
		this.legend.root.remove();
	}

	private data(): uPlot.AlignedData {
		return [this.drawn.times as number[], ...(this.drawn.columns as (number | null)[][])];
	}

	private measure(): void {
		const { panel } = this.source;
		const [from, to] = this.host.window();
		const most = largest(this.drawn.times, this.drawn.columns, from, to);
		if (panel.kind === 'heat') this.high = Math.max(1, this.drawn.shown.length);
		else if (panel.id === 'memory') this.high = niceMax(most, panel.unit);
		else this.high = ceiling(most, panel.unit, panel.least);
	}

	/** The ends of the vertical scale: what goes below zero mirrors what stands above. */
	private range(): [number, number] {
		return [this.drawn.shown.some((l) => l.below) ? -this.high : 0, this.high];
	}

	private build(width: number, height: number): void {
		const { panel } = this.source;
		this.plot?.destroy();
		const series = this.colours.series;
		this.legend.build(
			this.drawn.lines.map((l) => ({
				key: l.key,
				name: panel.kind === 'heat' ? `cpu ${l.name}` : l.name,
				colour: series[hueOf(l.hue, series.length)] ?? '',
			})),
		);
		const o = options(panel, this.drawn, {
			width,
			height,
			ink: this.colours,
			scale: () => this.range(),
			hooks: {
				drawClear: [(u) => this.under(u)],
				setCursor: [() => this.values()],
				setSelect: [(u) => this.selected(u)],
			},
		});
		this.plot = new uPlot(o, this.data(), this.box);
		this.plot.over.append(this.time);
		this.plot.over.addEventListener('dblclick', () => this.host.live());
		this.built = shape(this.drawn);
	}

	private under(u: uPlot): void {
		const { panel, table } = this.source;
		drawHoles(u, table.holes(), this.colours.hole);
		if (panel.kind === 'heat') drawHeat(u, this.drawn.shown, table.step, panel.least, this.colours.heat);
	}

	private selected(u: uPlot): void {
		const { left, width } = u.select;
		if (width < 4) return;
		const from = u.posToVal(left, 'x');
		const to = u.posToVal(left + width, 'x');
		u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
		this.host.zoom(from, to);
	}

	/** Writes the legend: the values under the cursor, or the newest. */
	private values(): void {
		const { panel } = this.source;
		const i = this.at;
		const t = i === null ? undefined : this.drawn.times[i];
		for (const line of this.drawn.lines) {
			const v = i === null ? newest(line.values) : line.values[i];
			this.legend.show(line.key, format(v, panel.unit), this.hidden.has(line.key));
		}
		this.time.textContent = t === undefined ? '' : clock(t);
		if (this.plot && t !== undefined) {
			const x = this.plot.cursor.left ?? 0;
			const right = x > this.plot.over.clientWidth - 64;
			this.time.style.transform = `translateX(${right ? x - 58 : x + 4}px)`;
		}
	}

	private toggle(key: string, alone: boolean): void {
		const keys = this.drawn.lines.map((l) => l.key);
		if (alone) {
			const already = keys.every((k) => (k === key) !== this.hidden.has(k));
			this.hidden.clear();
			if (!already) for (const k of keys) if (k !== key) this.hidden.add(k);
		} else if (!this.hidden.delete(key)) this.hidden.add(key);
		this.draw();
	}
}
