import { describe, expect, it } from 'vitest';
import { Source } from '../data/source';
import { head, type Table } from '../data/table';
import { facts } from '../page/facts';
import type { Labels } from '../stream/messages';
import { panels } from './all';
import { cores, cpu, load } from './cpu';
import { disk, network, utilisation } from './devices';
import { mounts } from './filesystems';
import { memory } from './memory';
import type { Panel } from './panel';
import { pressure } from './pressure';

type Cell = [query: number, labels: Labels, v: number | null];

function filled(panel: Panel, ...rows: Cell[][]): Source {
	const source = new Source(panel);
	rows.forEach((cells, n) => {
		const t = (n + 1) * 1000;
		for (const [query, labels, v] of cells) source.live.put(t, [head(query, labels)], [v]);
	});
	return source;
}

const shown = (panel: Panel, table: Table) => Object.fromEntries(panel.lines(table).map((l) => [l.name, l.values]));

describe('panels', () => {
	it('have names of their own, and ask at every grid', () => {
		expect(new Set(panels.map((p) => p.id)).size).toBe(panels.length);
		for (const p of panels) {
			for (const step of [1000, 10_000]) expect(p.queries({ step, interval: 1000 }).length).toBeGreaterThan(0);
			expect(p.lines(new Source(p).live)).toEqual([]);
			expect(p.absent).not.toBe('');
		}
	});
});

describe('cpu', () => {
	const mode = (m: string, v: number | null): Cell => [0, { mode: m }, v];

	it('shows shares of the whole, whatever a second was', () => {
		const s = filled(
			cpu,
			[mode('user', 1.2), mode('system', 0.6), mode('idle', 0.6)],
			[mode('user', 0.5), mode('idle', 1.5)],
		);
		expect(shown(cpu, s.live)).toEqual({ user: [50, 25], system: [25, null] });
	});

	it('never shows more than the whole or less than nothing', () => {
		const s = filled(cpu, [mode('user', 2.5), mode('iowait', -0.1), mode('idle', 0)]);
		expect(shown(cpu, s.live)).toEqual({ user: [100], iowait: [0] });
	});

	it('stands in one order, modes of a newer kernel above', () => {
		const names = ['future', 'iowait', 'user', 'softirq', 'idle', 'nice', 'system', 'steal', 'irq'];
		const s = filled(
			cpu,
			names.map((n) => mode(n, 1)),
		);
		const order = cpu.lines(s.live).map((l) => l.name);
		expect(order.slice(0, 6)).toEqual(['user', 'nice', 'system', 'irq', 'softirq', 'steal']);
		expect(order.slice(6).sort()).toEqual(['future', 'iowait']);
	});

	it('leaves a hole a hole', () => {
		const s = filled(cpu, [mode('user', 1), mode('idle', 1)]);
		s.live.hole(2000, 9000);
		expect(shown(cpu, s.live)).toEqual({ user: [50, null] });
	});

	it('has a strip for each core, in the order in which people count', () => {
		const s = filled(cores, [
			[0, { cpu: '10' }, 101],
			[0, { cpu: '2' }, -1],
			[0, { cpu: '0' }, 50],
		]);
		expect(cores.lines(s.live).map((l) => [l.name, l.values[0]])).toEqual([
			['0', 50],
			['2', 0],
			['10', 100],
		]);
	});
});

describe('memory', () => {
	const field = (f: string, v: number | null): Cell => [0, { __name__: `node_memory_${f}_bytes` }, v];
	const row = [
		field('MemTotal', 1000),
		field('MemFree', 300),
		field('Buffers', 50),
		field('Cached', 200),
		field('SReclaimable', 40),
		field('Shmem', 90),
		field('MemAvailable', 500),
		field('SwapTotal', 100),
		field('SwapFree', 25),
	];

	it('divides the total without rest', () => {
		expect(shown(memory, filled(memory, row).live)).toEqual({
			used: [500],
			buffers: [50],
			cache: [150],
			free: [300],
			available: [500],
			'swap used': [75],
		});
	});

	it('says nothing of swap where there is none', () => {
		const s = filled(memory, [...row.filter(([, l]) => !l.__name__?.includes('Swap')), field('SwapTotal', 0)]);
		expect(Object.keys(shown(memory, s.live))).not.toContain('swap used');
	});

	it('leaves a hole a hole', () => {
		const s = filled(memory, row);
		s.live.hole(2000, 9000);
		for (const values of Object.values(shown(memory, s.live))) expect(values[1]).toBeNull();
	});
});

describe('devices', () => {
	it('go up and down, in one colour', () => {
		const s = filled(disk, [
			[0, { device: 'sda' }, 5],
			[1, { device: 'sda' }, 7],
		]);
		const [read, write] = disk.lines(s.live);
		expect(read).toMatchObject({ name: 'sda read', values: [5], hue: 'sda' });
		expect(write).toMatchObject({ name: 'sda write', values: [7], hue: 'sda', below: true });
	});

	it('are never busy for longer than there was time', () => {
		const s = filled(utilisation, [[0, { device: 'sda' }, 104]]);
		expect(shown(utilisation, s.live)).toEqual({ sda: [100] });
	});

	it('are counted as people count', () => {
		const s = filled(network, [
			[0, { device: 'eth10' }, 1],
			[0, { device: 'eth2' }, 1],
		]);
		expect(network.lines(s.live).map((l) => l.name)).toEqual(['eth2 rx', 'eth10 rx']);
	});
});

describe('load and pressure', () => {
	it('have names that people use', () => {
		const l = filled(load, [
			[0, { __name__: 'node_load15' }, 3],
			[0, { __name__: 'node_load1' }, 1],
			[0, { __name__: 'node_load5' }, 2],
		]);
		expect(load.lines(l.live).map((x) => x.name)).toEqual(['1 min', '5 min', '15 min']);
		const p = filled(pressure, [
			[0, {}, 115],
			[4, {}, 2],
		]);
		expect(shown(pressure, p.live)).toEqual({ cpu: [100], 'io, all': [2] });
	});
});

describe('mounts', () => {
	const at = (name: string, mountpoint: string, fstype = 'ext4') => ({
		__name__: `node_filesystem_${name}`,
		mountpoint,
		device: `/dev${mountpoint}`,
		fstype,
	});

	it('folds a row into mounts, the fullest first and memory last', () => {
		const row: [Labels, number | null][] = [
			[at('size_bytes', '/run', 'tmpfs'), 100],
			[at('avail_bytes', '/run', 'tmpfs'), 1],
			[at('size_bytes', '/'), 1000],
			[at('free_bytes', '/'), 500],
			[at('avail_bytes', '/'), 450],
			[at('files', '/'), 200],
			[at('files_free', '/'), 150],
			[at('size_bytes', '/srv'), 1000],
			[at('avail_bytes', '/srv'), 100],
			[at('readonly', '/srv'), 1],
			[at('size_bytes', '/gone'), null],
			[at('avail_bytes', '/gone'), null],
			[at('size_bytes', '/empty'), 0],
			[at('avail_bytes', '/empty'), 0],
		];
		const found = mounts(
			row.map(([l]) => l),
			row.map(([, v]) => v),
		);
		expect(found.map((m) => m.mountpoint)).toEqual(['/srv', '/', '/run']);
		expect(found[1]).toMatchObject({ size: 1000, used: 500, avail: 450, inodes: 25, readonly: false });
		expect(found[1]?.full).toBeCloseTo((100 * 500) / 950, 9); // as df: what root keeps for itself is not there
		expect(found[0]).toMatchObject({ readonly: true, inodes: null, full: 90 });
	});
});

describe('facts', () => {
	it('have a dash where nothing is known', () => {
		const all = facts(
			panels.map((p) => new Source(p)),
			null,
		);
		expect(all.map((f) => f.value)).toEqual(['–', '–', '–', '–', '–', '↓ –', '–']);
		expect(all.every((f) => f.level === null)).toBe(true);
	});

	it('are of the newest row only', () => {
		const s = filled(load, [[0, { __name__: 'node_load1' }, 3]]);
		const value = () => facts([s], null).find((f) => f.id === 'load')?.value;
		expect(value()).toBe('3.00');
		s.live.hole(2000, 3000);
		expect(value()).toBe('–');
	});

	it('leave the machine’s talk to itself out of the network', () => {
		const s = filled(network, [
			[0, { device: 'lo' }, 9e6],
			[1, { device: 'lo' }, 9e6],
			[0, { device: 'eth0' }, 1000],
			[1, { device: 'eth0' }, 500],
		]);
		expect(facts([s], null).find((f) => f.id === 'network')).toMatchObject({
			value: '↓ 1.0 kB/s',
			detail: '↑ 500 B/s',
		});
	});
});
