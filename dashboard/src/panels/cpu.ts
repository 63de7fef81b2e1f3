import type { Table } from '../data/table';
import { rate } from '../ranges';
import { byLabel, type Line, type Panel, shares } from './panel';

// From the bottom up: what the machine does for us, then what it does for itself, then what it waits for.
const modes = ['user', 'nice', 'system', 'irq', 'softirq', 'steal', 'iowait'];

function inOrder(lines: Line[]): Line[] {
	const rank = (l: Line) => (modes.indexOf(l.name) + modes.length) % modes.length;
	return lines.sort((a, b) => rank(a) - rank(b));
}

export const cpu: Panel = {
	id: 'cpu',
	title: 'CPU by mode',
	note: 'Share of the time of all cores, by what it was spent on. 100% is every core busy.',
	unit: 'percent',
	kind: 'stack',
	queries: (g) => [`sum by (mode) (${rate('node_cpu_seconds_total', g.step, g.interval)})`],
	lines: modeLines,
	least: 10,
	absent: 'No node_cpu_seconds_total: is the cpu collector switched off?',
};

// All modes together are the whole, whenever within its second a tick was read.
function modeLines(table: Table): Line[] {
	const all = byLabel(table, 0, 'mode');
	const whole = table.times.map((_, r) => all.reduce((sum, l) => sum + Math.max(0, l.values[r] ?? 0), 0));
	const share = (v: number | null, r: number) => (v === null || !whole[r] ? null : (100 * Math.max(0, v)) / whole[r]);
	return inOrder(all.filter((l) => l.name !== 'idle').map((l) => ({ ...l, values: l.values.map(share) })));
}

export const cores: Panel = {
	id: 'cores',
	title: 'CPU per core',
	note: 'How busy each core was, one strip each, never averaged: neither idle nor waiting for a disk.',
	unit: 'percent',
	kind: 'heat',
	queries: (g) => [
		`100 * (1 - sum by (cpu) (${rate('node_cpu_seconds_total{mode=~"idle|iowait"}', g.step, g.interval)}))`,
	],
	lines: (table) => shares(byLabel(table, 0, 'cpu', { hue: 'cores' })),
	least: 100,
	absent: 'No node_cpu_seconds_total: is the cpu collector switched off?',
};

export const load: Panel = {
	id: 'load',
	title: 'Load',
	note: 'Processes that run, want to run or wait for a disk, averaged over 1, 5 and 15 minutes.',
	unit: 'number',
	kind: 'lines',
	queries: () => ['{__name__=~"node_load1|node_load5|node_load15"}'],
	lines: (table) =>
		byLabel(table, 0, '__name__').map((l) => {
			const name = `${l.name.replace('node_load', '')} min`;
			return { ...l, name, hue: name };
		}),
	least: 1,
	absent: 'No node_load1: is the load collector switched off?',
};
