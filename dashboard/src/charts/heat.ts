import type uPlot from 'uplot';
import type { Line } from '../panels/panel';

/** Draws a strip for each line, coloured by its value between 0 and `most`, the first on top. */
export function drawHeat(u: uPlot, lines: readonly Line[], step: number, most: number, ramp: readonly string[]): void {
	const times = u.data[0];
	const { left, top, width, height } = u.bbox;
	const { ctx } = u;
	const strip = height / Math.max(1, lines.length);
	const gap = strip > 6 * devicePixelRatio ? devicePixelRatio : 0;
	const cell = Math.abs(u.valToPos(step, 'x', true) - u.valToPos(0, 'x', true));
	ctx.save();
	ctx.beginPath();
	ctx.rect(left, top, width, height);
	ctx.clip();
	// A value stands for the time before it, as a rate does. Neighbours of one colour are one rectangle.
	lines.forEach((line, n) => {
		const y = Math.round(top + n * strip);
		const h = Math.round(top + (n + 1) * strip) - y - gap;
		let start = 0;
		let end = 0;
		let colour = '';
		const flush = () => {
			if (!colour) return;
			ctx.fillStyle = colour;
			ctx.fillRect(start, y, end - start, h);
			colour = '';
		};
		for (let i = 0; i < times.length; i++) {
			const v = line.values[i];
			const x = u.valToPos(times[i] as number, 'x', true);
			if (v === null || v === undefined || x < left || x - cell > left + width) {
				flush();
				continue;
			}
			const level = Math.min(ramp.length - 1, Math.floor((Math.max(0, v) / most) * ramp.length));
			const next = ramp[level] ?? '';
			if (next !== colour) {
				flush();
				colour = next;
				start = Math.round(x - cell);
			}
			end = Math.round(x);
		}
		flush();
	});
	ctx.restore();
}
