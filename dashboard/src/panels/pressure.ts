import { rate } from '../ranges';
import { answers, type Line, type Panel, shares } from './panel';

const kinds = [
	{ name: 'cpu', metric: 'node_pressure_cpu_waiting_seconds_total' },
	{ name: 'memory', metric: 'node_pressure_memory_waiting_seconds_total' },
	{ name: 'memory, all', metric: 'node_pressure_memory_stalled_seconds_total' },
	{ name: 'io', metric: 'node_pressure_io_waiting_seconds_total' },
	{ name: 'io, all', metric: 'node_pressure_io_stalled_seconds_total' },
];

export const pressure: Panel = {
	id: 'pressure',
	title: 'Pressure',
	note: 'Share of the time in which some task waited for a processor, memory or I/O; “all”: every task that had work did.',
	unit: 'percent',
	kind: 'lines',
	queries: (g) => kinds.map((k) => `100 * ${rate(k.metric, g.step, g.interval)}`),
	lines: (table) =>
		shares(
			kinds.flatMap((k, query): Line[] =>
				answers(table, query).map((c) => ({ key: k.metric, name: k.name, hue: k.name, values: c.values })),
			),
		),
	least: 1,
	absent: 'No node_pressure_*: the kernel keeps no pressure figures (they need CONFIG_PSI, and psi=1 on some systems).',
};
