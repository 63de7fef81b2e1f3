import type { Table } from '../data/table';
import { answers, type Line, type Panel } from './panel';

const fields = [
	'MemTotal',
	'MemFree',
	'MemAvailable',
	'Buffers',
	'Cached',
	'SReclaimable',
	'Shmem',
	'SwapTotal',
	'SwapFree',
] as const;
type Field = (typeof fields)[number];
type Column = readonly (number | null)[];

export const memory: Panel = {
	id: 'memory',
	title: 'Memory',
	note: 'Used is what no one else can have: total less free, buffers and cache. Cache includes reclaimable slab, and not shared memory, which is used. Available is the kernel’s own estimate.',
	unit: 'bytes',
	kind: 'stack',
	queries: () => [`{__name__=~"${fields.map((f) => `node_memory_${f}_bytes`).join('|')}"}`],
	lines: memoryLines,
	least: 0,
	absent: 'No node_memory_MemTotal_bytes: is the memory collector switched off?',
};

function memoryLines(table: Table): Line[] {
	const column = new Map<string, Column>();
	for (const c of answers(table, 0)) column.set((c.labels.__name__ ?? '').slice(12, -6), c.values);
	const total = column.get('MemTotal');
	if (!total) return [];
	const at = (field: Field, row: number) => column.get(field)?.[row] ?? null;
	const rows = (value: (row: number) => number | null) =>
		total.map((v, row) => (v === null ? null : (value(row) ?? null)));

	const cache = rows((r) => Math.max(0, (at('Cached', r) ?? 0) + (at('SReclaimable', r) ?? 0) - (at('Shmem', r) ?? 0)));
	const buffers = rows((r) => at('Buffers', r) ?? 0);
	const free = rows((r) => at('MemFree', r));
	const used = rows((r) => Math.max(0, (total[r] ?? 0) - (free[r] ?? 0) - (cache[r] ?? 0) - (buffers[r] ?? 0)));
	const lines: Line[] = [
		{ key: 'used', name: 'used', hue: 'used', values: used },
		{ key: 'buffers', name: 'buffers', hue: 'buffers', values: buffers },
		{ key: 'cache', name: 'cache', hue: 'cache', values: cache },
		{ key: 'free', name: 'free', hue: 'free', values: free },
		{ key: 'available', name: 'available', hue: 'available', values: rows((r) => at('MemAvailable', r)), loose: true },
	];
	if (column.get('SwapTotal')?.some((v) => v !== null && v > 0)) {
		const swap = rows((r) => {
			const all = at('SwapTotal', r);
			return all === null ? null : all - (at('SwapFree', r) ?? all);
		});
		lines.push({ key: 'swap', name: 'swap used', hue: 'swap', values: swap, loose: true });
	}
	return lines;
}
