export type Values = readonly (number | null)[];

/**
 * Puts values on top of each other, in order. A row in which nobody has a value
 * stays empty, which is a hole; in any other row a missing value counts nothing.
 */
export function stack(columns: readonly Values[]): (number | null)[][] {
	const rows = columns[0]?.length ?? 0;
	const out = columns.map(() => new Array<number | null>(rows).fill(null));
	for (let r = 0; r < rows; r++) {
		if (columns.every((c) => c[r] === null || c[r] === undefined)) continue;
		let sum = 0;
		for (let c = 0; c < columns.length; c++) {
			sum += columns[c]?.[r] ?? 0;
			(out[c] as (number | null)[])[r] = sum;
		}
	}
	return out;
}

export function negative(values: Values): (number | null)[] {
	return values.map((v) => (v === null ? null : -v));
}

/** The largest distance from zero between two times. */
export function largest(times: readonly number[], columns: readonly Values[], from: number, to: number): number {
	let max = 0;
	for (let r = 0; r < times.length; r++) {
		const t = times[r] as number;
		if (t < from || t > to) continue;
		for (const c of columns) {
			const v = c[r];
			if (v !== null && v !== undefined && Math.abs(v) > max) max = Math.abs(v);
		}
	}
	return max;
}

/** The newest row's value, or null when that row has none: an old value is not passed off as the present one. */
export function newest(values: Values): number | null {
	return values.at(-1) ?? null;
}
