import { describe, expect, it } from 'vitest';
import { ceiling, marks, niceMax } from './scale';

describe('niceMax', () => {
	it.each([
		[1, 1],
		[1.1, 1.2],
		[7, 8],
		[9.2, 10],
		[101, 120],
		[0.003, 0.0032],
		[0, 1],
		[-3, 1],
		[Number.NaN, 1],
		[Number.POSITIVE_INFINITY, 1],
	])('ends a scale for %d at %d', (v, end) => {
		expect(niceMax(v, 'number')).toBeCloseTo(end, 12);
	});

	it('counts bytes by 1024', () => {
		expect(niceMax(7 * 2 ** 30, 'bytes')).toBe(8 * 2 ** 30);
		expect(niceMax(900 * 2 ** 20, 'bytes')).toBe(1000 * 2 ** 20);
	});

	it('is never below its value, and never much above', () => {
		for (let n = -20; n < 200; n++) {
			const v = 1.37 ** n;
			for (const unit of ['number', 'bytes', 'bytes/s'] as const) {
				expect(niceMax(v, unit)).toBeGreaterThanOrEqual(v * 0.9998);
				expect(niceMax(v, unit)).toBeLessThanOrEqual(v * 1.7);
			}
		}
	});
});

describe('ceiling', () => {
	it('goes to whole shares, the whole at most', () => {
		expect([0.1, 3, 12, 40, 60, 99, 100].map((v) => ceiling(v, 'percent', 1))).toEqual([1, 4, 25, 50, 100, 100, 100]);
	});

	it('goes beyond the whole where the values do', () => {
		expect(ceiling(180, 'percent', 10)).toBeGreaterThanOrEqual(180);
	});

	it('goes at least as far as its panel says', () => {
		expect(ceiling(0, 'percent', 10)).toBe(10);
		expect(ceiling(3, 'bytes/s', 10_000)).toBe(10_000);
	});

	it('leaves room above the largest value', () => {
		expect(ceiling(1.99, 'number', 1)).toBeGreaterThan(1.99);
		expect(ceiling(4, 'percent', 1)).toBe(10);
	});
});

describe('marks', () => {
	it('quarters a scale, and halves one with two sides', () => {
		expect(marks(0, 8)).toEqual([0, 2, 4, 6, 8]);
		expect(marks(-8, 8)).toEqual([-8, -4, 0, 4, 8]);
	});
});
