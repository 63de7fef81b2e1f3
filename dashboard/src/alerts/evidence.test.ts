import { describe, expect, it } from 'vitest';
import { described, type Point, path, readEvidence } from './evidence';

describe('readEvidence', () => {
	it('reads numbers, and words for what is none', () => {
		expect(
			readEvidence({
				values: [
					[1, 2],
					[2, '+Inf'],
					[3, null],
				],
			}),
		).toEqual([
			[1, 2],
			[2, Number.POSITIVE_INFINITY],
			[3, Number.NaN],
		]);
	});

	it('is nothing where there is nothing to draw', () => {
		expect(readEvidence(undefined)).toBeNull();
		expect(readEvidence({})).toBeNull();
		expect(readEvidence({ values: [[1, 2]] })).toBeNull();
	});

	it('draws no more than it can show', () => {
		const values = Array.from({ length: 5000 }, (_, i): [number, number] => [i, i]);
		expect(readEvidence({ values })?.length).toBe(400);
	});
});

describe('path', () => {
	it('goes from edge to edge, the highest value on top', () => {
		expect(
			path(
				[
					[1000, 0],
					[2000, 10],
					[3000, 5],
				],
				100,
				20,
			),
		).toBe('M0 20L50 0L100 10');
	});

	it('leaves a hole where there is no number', () => {
		const points: Point[] = [
			[0, 0],
			[1, Number.NaN],
			[2, 1],
			[3, Number.POSITIVE_INFINITY],
			[4, 1],
		];
		expect(path(points, 40, 10)).toBe('M0 10M20 0M40 0');
		expect(path([[0, Number.NaN]], 40, 10)).toBe('');
	});

	it('is a line in the middle for a value that stays', () => {
		expect(
			path(
				[
					[0, 7],
					[10, 7],
				] as Point[],
				40,
				10,
			),
		).toBe('M0 5L40 5');
		expect(
			described([
				[0, 7],
				[10, 7],
			] as Point[]),
		).toBe('7 throughout');
	});
});

describe('described', () => {
	it('says the range', () => {
		expect(
			described([
				[0, 1],
				[1, 93.219],
			] as Point[]),
		).toBe('from 1 to 93.22');
		expect(described([[0, Number.NaN]] as Point[])).toBe('no number');
	});
});
