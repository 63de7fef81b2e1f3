import { defaultRange, type Range, rangeNamed } from '../ranges';
import type { View } from '../session';

interface Address {
	range: Range;
	still: { from: number; to: number } | null;
}

/** Reads what a link asks for: `#range=1h`, or `#from=MS&to=MS` for a stretch of the past. */
export function readAddress(hash: string): Address {
	const q = new URLSearchParams(hash.replace(/^#/, ''));
	const range = rangeNamed(q.get('range') ?? '') ?? defaultRange;
	const from = Number(q.get('from'));
	const to = Number(q.get('to'));
	const sound = from > 0 && to > from && to < 8.64e15;
	return { range, still: sound ? { from, to } : null };
}

/** The link to a view. The default one needs none. */
export function writeAddress(view: View): string {
	const q = new URLSearchParams();
	if (view.range !== defaultRange) q.set('range', view.range.name);
	if (view.still?.zoomed) {
		q.set('from', String(Math.round(view.still.from)));
		q.set('to', String(Math.round(view.still.to)));
	}
	const text = q.toString();
	return text ? `#${text}` : '';
}
