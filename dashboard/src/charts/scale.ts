import type { Unit } from '../format';

const nice = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10];

/**
 * The end of a scale that begins at zero: at least `v`, and a number whose
 * quarters read well. It moves in steps, so a scale does not tremble with its data.
 */
export function niceMax(v: number, unit: Unit): number {
	if (!(v > 0) || !Number.isFinite(v)) return 1;
	let base = 1;
	if (unit === 'bytes') while (v / base >= 1000) base *= 1024;
	const n = v / base;
	const decade = 10 ** Math.floor(Math.log10(n));
	const step = nice.find((s) => s * decade >= n * 0.9999) ?? 10;
	return step * decade * base;
}

/** How far a panel's scale goes for the largest value in sight. */
export function ceiling(largest: number, unit: Unit, least: number): number {
	if (unit === 'percent' && largest <= 100.5) {
		return [1, 2, 4, 10, 25, 50, 100].find((c) => c >= least && c >= largest * 1.02) ?? 100;
	}
	return niceMax(Math.max(largest * 1.04, least), unit);
}

/** The marks of a scale: quarters, or halves on both sides of zero. */
export function marks(low: number, high: number): number[] {
	if (low < 0) return [low, low / 2, 0, high / 2, high];
	return [0, high / 4, high / 2, (high * 3) / 4, high];
}
