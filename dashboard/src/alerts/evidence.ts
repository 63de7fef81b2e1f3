import { plain } from '../format';
import { numeric, type WireNumber } from '../stream/messages';

export type Point = readonly [t: number, v: number];

export interface WireEvidence {
	readonly values?: readonly (readonly [t: number, v: WireNumber])[];
}

const most = 400; // more are not drawn

/** Reads how an alert came to fire. Nothing to draw is null. */
export function readEvidence(e: WireEvidence | undefined): Point[] | null {
	if (!Array.isArray(e?.values)) return null;
	const points = e.values
		.filter((p) => Array.isArray(p) && Number.isFinite(p[0]))
		.map(([t, v]): Point => [t, numeric(v)]);
	return points.length > 1 ? points.slice(-most) : null;
}

/**
 * The path of an SVG of this size through the points, from its left edge to its
 * right. Values that are no numbers leave a hole; a value that stays is a line in
 * the middle.
 */
export function path(points: readonly Point[], width: number, height: number): string {
	const values = points.map((p) => p[1]).filter(Number.isFinite);
	const first = points[0]?.[0] ?? 0;
	const span = (points.at(-1)?.[0] ?? 0) - first || 1;
	const low = Math.min(...values);
	const high = Math.max(...values);
	let d = '';
	let drawing = false;
	for (const [t, v] of points) {
		if (!Number.isFinite(v)) {
			drawing = false;
			continue;
		}
		const x = ((t - first) / span) * width;
		const y = high > low ? (1 - (v - low) / (high - low)) * height : height / 2;
		d += `${drawing ? 'L' : 'M'}${round(x)} ${round(y)}`;
		drawing = true;
	}
	return d;
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** The same in words. */
export function described(points: readonly Point[]): string {
	const values = points.map((p) => p[1]).filter(Number.isFinite);
	if (values.length === 0) return 'no number';
	const low = Math.min(...values);
	const high = Math.max(...values);
	return low === high ? `${plain(low)} throughout` : `from ${plain(low)} to ${plain(high)}`;
}
