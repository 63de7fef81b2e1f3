import { describe, expect, it } from 'vitest';
import { head, Table } from '../data/table';
import type { Panel } from '../panels/panel';
import { byLabel } from '../panels/panel';
import { arrange, shape } from './drawn';
import { hueOf } from './hues';
import { largest, negative, newest, stack } from './stack';

describe('stack', () => {
	it('puts values on top of each other', () => {
		expect(
			stack([
				[1, 2],
				[10, 20],
				[100, 200],
			]),
		).toEqual([
			[1, 2],
			[11, 22],
			[111, 222],
		]);
	});

	it('leaves a hole a hole, and counts one missing value as nothing', () => {
		expect(
			stack([
				[1, null, null, 4],
				[10, null, 30, null],
			]),
		).toEqual([
			[1, null, 0, 4],
			[11, null, 30, 4],
		]);
	});

	it('takes nothing', () => {
		expect(stack([])).toEqual([]);
		expect(stack([[]])).toEqual([[]]);
	});
});

describe('figures', () => {
	it('turns values upside down, not holes', () => {
		expect(negative([1, null, 3])).toEqual([-1, null, -3]);
	});

	it('finds the largest distance from zero in a stretch, ends included', () => {
		const times = [1, 2, 3, 4];
		const columns = [
			[100, 1, null, 5],
			[0, -7, null, 2],
		];
		expect(largest(times, columns, 2, 4)).toBe(7);
		expect(largest(times, columns, 1, 1)).toBe(100);
		expect(largest(times, columns, 3, 3)).toBe(0);
		expect(largest([], [], 0, 9)).toBe(0);
	});

	it('does not pass an old value off as the present one', () => {
		expect(newest([1, 2])).toBe(2);
		expect(newest([1, null])).toBeNull();
		expect(newest([])).toBeNull();
	});
});

describe('hueOf', () => {
	it('gives a device one colour wherever it is seen', () => {
		expect(hueOf('sda', 12)).toBe(hueOf('sda', 12));
		expect(hueOf('sda', 12)).not.toBe(hueOf('sdb', 12));
	});

	it('is not misled by names that objects have', () => {
		for (const name of ['constructor', '__proto__', 'toString']) expect(hueOf(name, 12)).toBeTypeOf('number');
	});

	it('stays within the palette', () => {
		for (let n = 0; n < 50; n++) expect(hueOf(`dev${n}`, 12)).toBeLessThan(12);
		expect(hueOf('steal', 4)).toBeLessThan(4);
	});
});

describe('arrange', () => {
	const panel = (kind: Panel['kind']): Panel => ({
		id: 'x',
		title: '',
		note: '',
		unit: 'number',
		kind,
		queries: () => [],
		lines: (t) =>
			byLabel(t, 0, 'n').map((l) => ({
				...l,
				key: l.name,
				...(l.name === 'b' ? { loose: true } : {}),
				below: l.name === 'c',
			})),
		least: 0,
		absent: '',
	});
	const table = new Table(1, 1);
	table.put(
		1,
		['a', 'b', 'c'].map((n) => head(0, { n })),
		[1, 2, 3],
	);

	it('stacks what stands on each other, and puts the loose last', () => {
		const d = arrange(panel('stack'), table, new Set());
		expect(d.shown.map((l) => l.key)).toEqual(['a', 'c', 'b']);
		expect(d.columns).toEqual([[1], [4], [2]]);
		expect(d.stacked).toBe(2);
	});

	it('draws downwards what goes down', () => {
		const d = arrange(panel('lines'), table, new Set());
		expect(d.columns).toEqual([[1], [2], [-3]]);
		expect(d.stacked).toBe(0);
	});

	it('leaves hidden lines in the legend and out of the stack', () => {
		const d = arrange(panel('stack'), table, new Set(['a']));
		expect(d.lines.map((l) => l.key)).toEqual(['a', 'b', 'c']);
		expect(d.columns).toEqual([[3], [2]]);
		expect(shape(d)).not.toBe(shape(arrange(panel('stack'), table, new Set())));
	});
});
