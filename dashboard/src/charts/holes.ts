import type uPlot from 'uplot';
import type { Hole } from '../data/table';

/** Shades the stretches in which there is no data, so that a hole is seen as one and not as a quiet time. */
export function drawHoles(u: uPlot, holes: readonly Hole[], colour: string): void {
	const { left, top, width, height } = u.bbox;
	const { ctx } = u;
	ctx.save();
	ctx.beginPath();
	ctx.rect(left, top, width, height);
	ctx.clip();
	for (const hole of holes) {
		const x0 = Math.round(u.valToPos(hole.from, 'x', true));
		const x1 = Math.round(u.valToPos(hole.to, 'x', true));
		if (x1 < left || x0 > left + width) continue;
		hatch(ctx, x0, top, Math.max(2, x1 - x0), height, colour);
	}
	ctx.restore();
}

function hatch(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, colour: string): void {
	ctx.save();
	ctx.beginPath();
	ctx.rect(x, y, w, h);
	ctx.clip();
	ctx.strokeStyle = colour;
	ctx.lineWidth = devicePixelRatio;
	const gap = 6 * devicePixelRatio;
	ctx.beginPath();
	for (let at = x - h - ((x - h) % gap); at < x + w; at += gap) {
		ctx.moveTo(at, y + h);
		ctx.lineTo(at + h, y);
	}
	ctx.stroke();
	ctx.restore();
}
