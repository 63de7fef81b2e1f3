import { describe, expect, it } from 'vitest';
import { readAddress, writeAddress } from './page/address';
import { defaultRange, duration, onGrid, rangeNamed, ranges, rate, stepFor } from './ranges';

describe('ranges', () => {
	it('have a few hundred points each, and fit into one replay', () => {
		for (const r of ranges) {
			expect(r.span / r.step).toBeGreaterThanOrEqual(200);
			expect(r.span / r.step).toBeLessThanOrEqual(3600);
			expect(rangeNamed(r.name)).toBe(r);
		}
		expect(rangeNamed('1y')).toBeUndefined();
	});
});

describe('steps', () => {
	it('never ask oftener than the daemon samples, and on its grid', () => {
		expect(onGrid(1000, 1000)).toBe(1000);
		expect(onGrid(1000, 5000)).toBe(5000);
		expect(onGrid(10_000, 3000)).toBe(12_000);
		expect(onGrid(0, 1000)).toBe(1000);
	});

	it('leave a few hundred points of any stretch', () => {
		expect(stepFor(10_000, 1000)).toBe(1000);
		expect(stepFor(400_000, 1000)).toBe(1000);
		expect(stepFor(401_000, 1000)).toBe(2000);
		expect(stepFor(86_400_000, 1000)).toBe(300_000);
		expect(stepFor(1e12, 1000)).toBe(3_600_000);
	});

	it('are written as the stream writes durations', () => {
		expect([1000, 90_000, 2500].map(duration)).toEqual(['1s', '90s', '2500ms']);
	});
});

describe('rate', () => {
	it('is that of the newest two samples at the daemon’s interval', () => {
		expect(rate('x', 1000, 1000)).toBe('irate(x[5s])');
		expect(rate('x', 5000, 5000)).toBe('irate(x[25s])');
	});

	it('sees every second since the step before at coarser steps', () => {
		expect(rate('x', 10_000, 1000)).toBe('rate(x[11s])');
		expect(rate('x', 3000, 2000)).toBe('rate(x[6s])');
	});
});

describe('address', () => {
	it('reads what it writes', () => {
		for (const range of ranges) {
			expect(readAddress(writeAddress({ range, still: null }))).toEqual({ range, still: null });
			const still = { from: 1763683200000, to: 1763683260000 };
			const written = writeAddress({ range, still: { ...still, zoomed: true } });
			expect(readAddress(written)).toEqual({ range, still });
		}
	});

	it('is empty for the default, and does not remember a pause', () => {
		expect(writeAddress({ range: defaultRange, still: null })).toBe('');
		expect(writeAddress({ range: defaultRange, still: { from: 1, to: 2, zoomed: false } })).toBe('');
	});

	it.each(['#range=nonsense', '#from=5', '#from=9&to=5', '#from=x&to=y', '#from=-1&to=5', '#from=1&to=1e99', '#%'])(
		'makes the default of %s',
		(hash) => {
			expect(readAddress(hash)).toEqual({ range: defaultRange, still: null });
		},
	);
});
