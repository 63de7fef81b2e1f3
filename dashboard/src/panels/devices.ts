import { rate } from '../ranges';
import { byLabel, type Panel, shares } from './panel';

export const disk: Panel = {
	id: 'disk',
	title: 'Disk I/O',
	note: 'Bytes read and written per second, each device by itself.',
	unit: 'bytes/s',
	kind: 'lines',
	queries: (g) => [
		rate('node_disk_read_bytes_total', g.step, g.interval),
		rate('node_disk_written_bytes_total', g.step, g.interval),
	],
	lines: (table) => [
		...byLabel(table, 0, 'device').map((l) => ({ ...l, name: `${l.name} read` })),
		...byLabel(table, 1, 'device', { below: true }).map((l) => ({ ...l, name: `${l.name} write` })),
	],
	least: 10_000,
	absent: 'No node_disk_read_bytes_total: this machine shows no block devices (containers often do not).',
	above: 'read',
	under: 'write',
};

export const utilisation: Panel = {
	id: 'utilisation',
	title: 'Disk utilisation',
	note: 'Share of the time in which a device had at least one request to work on.',
	unit: 'percent',
	kind: 'lines',
	queries: (g) => [`100 * ${rate('node_disk_io_time_seconds_total', g.step, g.interval)}`],
	lines: (table) => shares(byLabel(table, 0, 'device')),
	least: 10,
	absent: 'No node_disk_io_time_seconds_total: this machine shows no block devices (containers often do not).',
};

export const network: Panel = {
	id: 'network',
	title: 'Network',
	note: 'Bytes received and sent per second, each interface by itself.',
	unit: 'bytes/s',
	kind: 'lines',
	queries: (g) => [
		rate('node_network_receive_bytes_total', g.step, g.interval),
		rate('node_network_transmit_bytes_total', g.step, g.interval),
	],
	lines: (table) => [
		...byLabel(table, 0, 'device').map((l) => ({ ...l, name: `${l.name} rx` })),
		...byLabel(table, 1, 'device', { below: true }).map((l) => ({ ...l, name: `${l.name} tx` })),
	],
	least: 10_000,
	absent: 'No node_network_receive_bytes_total: is the network collector switched off?',
	above: 'received',
	under: 'sent',
};
