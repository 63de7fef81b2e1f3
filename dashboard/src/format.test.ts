import { describe, expect, it } from 'vitest';
import { axisTimes, clock, format, lasted, moment, plain } from './format';

describe('format', () => {
	it.each([
		[0, 'percent', '0.0%'],
		[12.34, 'percent', '12.3%'],
		[99.97, 'percent', '100%'],
		[-0.01, 'percent', '0.0%'],
		[0, 'bytes', '0 B'],
		[1023, 'bytes', '1023 B'],
		[1024, 'bytes', '1.0 KiB'],
		[1.5 * 2 ** 30, 'bytes', '1.5 GiB'],
		[1023.99 * 2 ** 20, 'bytes', '1.0 GiB'],
		[2 ** 70, 'bytes', '1048576 PiB'],
		[999, 'bytes/s', '999 B/s'],
		[12_345, 'bytes/s', '12.3 kB/s'],
		[999_900, 'bytes/s', '1.0 MB/s'],
		[0.126, 'number', '0.13'],
		[12.26, 'number', '12.3'],
		[1234.5, 'number', '1235'],
		[Number.NaN, 'number', '–'],
		[null, 'bytes', '–'],
		[undefined, 'percent', '–'],
		[Number.POSITIVE_INFINITY, 'number', '∞'],
		[Number.NEGATIVE_INFINITY, 'bytes', '−∞'],
	] as const)('writes %d %s as %s', (v, unit, text) => {
		expect(format(v, unit)).toBe(text);
	});
});

describe('plain', () => {
	it.each([
		[1, '1'],
		[-3, '-3'],
		[12_345_678, '12345678'],
		[25_276_510_208, '2.528e10'],
		[-1e15, '-1e15'],
		[2.5e300, '2.5e300'],
		[93.2, '93.2'],
		[0.123456, '0.1235'],
		[Number.NaN, 'NaN'],
		[Number.POSITIVE_INFINITY, '+Inf'],
		[Number.NEGATIVE_INFINITY, '-Inf'],
	])('writes %d as %s', (v, text) => {
		expect(plain(v)).toBe(text);
	});
});

describe('lasted', () => {
	it.each([
		[0, '0s'],
		[-5000, '0s'],
		[999, '0s'],
		[59_000, '59s'],
		[60_000, '1m'],
		[61_000, '1m 1s'],
		[3_600_000, '1h'],
		[3_601_000, '1h'],
		[7_380_000, '2h 3m'],
		[90_000_000, '1d 1h'],
	])('says %d ms as %s', (ms, text) => {
		expect(lasted(ms)).toBe(text);
	});
});

describe('times', () => {
	const noon = new Date(2025, 10, 21, 12, 0, 0).getTime();

	it('writes the time of day', () => {
		expect(clock(noon + 1000)).toBe('12:00:01');
	});

	it('adds the date where it is not today', () => {
		expect(moment(noon, noon + 3_600_000)).toBe('12:00:00');
		expect(moment(noon, noon + 86_400_000)).toBe('21 Nov 12:00:00');
	});

	it('writes seconds on an axis only where marks are that close', () => {
		expect(axisTimes([noon, noon + 30_000], 30)).toEqual(['12:00:00', '12:00:30']);
		expect(axisTimes([noon, noon + 60_000], 60)).toEqual(['12:00', '12:01']);
	});

	it('names a new day', () => {
		const midnight = new Date(2025, 10, 22).getTime();
		expect(axisTimes([midnight - 3_600_000, midnight, midnight + 3_600_000], 3600)).toEqual([
			'23:00',
			'22 Nov',
			'01:00',
		]);
		expect(axisTimes([midnight], 86_400)).toEqual(['22 Nov']);
	});
});
