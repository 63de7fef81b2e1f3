import { describe, expect, it } from 'vitest';
import { head, Table } from './table';

const a = head(0, { mode: 'user' });
const b = head(0, { mode: 'system' });
const values = (t: Table, key: string) => t.columns.get(key)?.values;

function rows(times: readonly number[], step = 1000, interval = 1000): Table {
	const t = new Table(step, interval);
	for (const at of times) t.put(at, [a], [at]);
	return t;
}

describe('head', () => {
	it('names the same labels alike, whatever their order', () => {
		expect(head(0, { a: '1', b: '2' }).key).toBe(head(0, { b: '2', a: '1' }).key);
	});

	it('tells queries and values apart, also those that look like each other', () => {
		const keys = [
			head(0, {}),
			head(1, {}),
			head(0, { a: '1,b=2' }),
			head(0, { a: '1', b: '2' }),
			head(0, { a: '"],["b","2' }),
		].map((h) => h.key);
		expect(new Set(keys).size).toBe(keys.length);
	});
});

describe('Table', () => {
	it('holds rows by column, and fills what a column did not have', () => {
		const t = new Table(1000, 1000);
		t.put(1000, [a], [1]);
		t.put(2000, [a, b], [2, 20]);
		t.put(3000, [b], [30]);
		expect(t.times).toEqual([1000, 2000, 3000]);
		expect(values(t, a.key)).toEqual([1, 2, null]);
		expect(values(t, b.key)).toEqual([null, 20, 30]);
	});

	it('holds a value that came twice once: history and stream meet without overlap', () => {
		const t = rows([1000, 2000, 3000]);
		t.put(3000, [a], [3000]);
		t.put(4000, [a], [4000]);
		expect(t.times).toEqual([1000, 2000, 3000, 4000]);
		expect(values(t, a.key)).toEqual([1000, 2000, 3000, 4000]);
		expect(t.holes()).toEqual([]);
	});

	it('is the same whether history comes before or after the stream', () => {
		const before = rows([1000, 2000, 3000, 4000]);
		const after = rows([3000, 4000, 1000, 2000]);
		after.seal();
		expect(after.times).toEqual(before.times);
		expect(values(after, a.key)).toEqual(values(before, a.key));
		expect(after.holes()).toEqual([]);
	});

	it('does not let an absent value erase one that is there', () => {
		const t = rows([1000]);
		t.put(1000, [a, b], [null, 7]);
		expect(values(t, a.key)).toEqual([1000]);
		expect(values(t, b.key)).toEqual([7]);
	});

	it('makes no column for what never had a value', () => {
		const t = new Table(1000, 1000);
		t.put(1000, [a, b], [1, null]);
		expect([...t.columns.keys()]).toEqual([a.key]);
	});

	it('puts an empty row where a row is missing, so that a line breaks', () => {
		const t = rows([1000, 2000, 6000, 7000]);
		expect(t.times).toEqual([1000, 2000, 3000, 6000, 7000]);
		expect(values(t, a.key)).toEqual([1000, 2000, null, 6000, 7000]);
		expect(t.holes()).toEqual([{ from: 2000, to: 6000 }]);
	});

	it('lets coarse rows miss one, and breaks at two', () => {
		expect(rows([10_000, 30_000], 10_000).holes()).toEqual([]);
		expect(rows([10_000, 40_000], 10_000).holes()).toEqual([{ from: 10_000, to: 40_000 }]);
	});

	it('takes a gap message as one hole, whose end the next row shows', () => {
		const t = rows([1000, 2000]);
		t.hole(3000, 8000);
		expect(values(t, a.key)).toEqual([1000, 2000, null]);
		t.put(9000, [a], [9]);
		expect(t.holes()).toEqual([{ from: 2000, to: 9000 }]);
		expect(values(t, a.key)).toEqual([1000, 2000, null, 9]);
	});

	it('keeps rows that a gap message covers', () => {
		const t = rows([1000, 2000, 3000]);
		t.hole(2000, 2500);
		expect(t.holes()).toEqual([]);
		expect(values(t, a.key)).toEqual([1000, 2000, 3000]);
	});

	it('closes a hole when its rows arrive after all', () => {
		const t = rows([1000, 2000]);
		t.hole(3000, 4000);
		t.put(5000, [a], [5000]);
		for (const at of [3000, 4000]) t.put(at, [a], [at]);
		t.seal();
		expect(t.times).toEqual([1000, 2000, 3000, 4000, 5000]);
		expect(t.holes()).toEqual([]);
		expect(values(t, a.key)).toEqual([1000, 2000, 3000, 4000, 5000]);
	});

	it('leaves what stays missing of a hole a hole', () => {
		const t = rows([1000, 2000]);
		t.hole(3000, 8000);
		t.put(9000, [a], [9000]);
		for (const at of [3000, 4000]) t.put(at, [a], [at]);
		t.seal();
		expect(t.holes()).toEqual([{ from: 4000, to: 9000 }]);
		expect(values(t, a.key)).toEqual([1000, 2000, 3000, 4000, null, 9000]);
	});

	it('shows a hole at its end at once, and one without rows around', () => {
		const t = rows([1000]);
		t.hole(2000, 9000);
		expect(t.holes()).toEqual([{ from: 1000, to: 2000 }]);
		const bare = new Table(1000, 1000);
		bare.hole(2000, 9000);
		expect(bare.holes()).toEqual([{ from: 2000, to: 2000 }]);
	});

	it('finds holes when rows came out of order', () => {
		const t = rows([9000, 1000, 2000]);
		expect(t.holes()).toEqual([]);
		t.seal();
		t.seal();
		expect(t.holes()).toEqual([{ from: 2000, to: 9000 }]);
		expect(t.times).toEqual([1000, 2000, 3000, 9000]);
	});

	it('forgets what is old in strides, with the columns that are empty then', () => {
		const t = new Table(1000, 1000);
		for (let n = 1; n <= 200; n++) t.put(n * 1000, n <= 50 ? [a, b] : [a], [n, n]);
		t.trim(40_000);
		expect(t.times.length).toBe(200);
		t.trim(101_000);
		expect(t.times[0]).toBe(101_000);
		expect(values(t, a.key)?.length).toBe(100);
		expect(t.columns.has(b.key)).toBe(false);
	});

	it('forgets holes with their rows', () => {
		const t = rows([1000, 5000]);
		for (let n = 6; n < 200; n++) t.put(n * 1000, [a], [n]);
		expect(t.holes().length).toBe(1);
		t.trim(150_000);
		expect(t.holes()).toEqual([]);
	});

	it('gives a copy that later rows do not reach', () => {
		const t = rows([1000, 5000]);
		const copy = t.snapshot();
		t.put(6000, [a, b], [6, 6]);
		expect(copy.times).toEqual([1000, 2000, 5000]);
		expect(copy.columns.size).toBe(1);
		expect(values(copy, a.key)).toEqual([1000, null, 5000]);
		expect(copy.holes()).toEqual([{ from: 1000, to: 5000 }]);
	});

	it('keeps every column as long as the times, whatever comes', () => {
		const t = new Table(1000, 1000);
		let seed = 7;
		const random = (n: number) => {
			seed = (seed * 1103515245 + 12345) % 2147483648;
			return Math.floor((seed / 2147483648) * n);
		};
		for (let n = 0; n < 3000; n++) {
			const at = 1000 * (random(80) + Math.floor(n / 20));
			const what = random(10);
			if (what < 6) t.put(at, [a, b].slice(random(2)), [random(9), null]);
			else if (what < 8) t.hole(at, at + 1000 * random(9));
			else if (what < 9) t.seal();
			else t.trim(at - 60_000);
			expect([...t.columns.values()].every((c) => c.values.length === t.times.length)).toBe(true);
			expect(t.times.every((v, i) => i === 0 || v > (t.times[i - 1] as number))).toBe(true);
		}
	});
});
