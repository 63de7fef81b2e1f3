import { newest } from '../charts/stack';
import type { Source } from '../data/source';
import { format } from '../format';
import type { Mount } from '../panels/filesystems';
import type { Line } from '../panels/panel';

/** Fact is one figure of the page's first row. */
export interface Fact {
	readonly id: string; // the panel that it leads to
	readonly label: string;
	readonly value: string;
	readonly detail: string;
	readonly level: number | null; // how full, 0 to 1; null where there is no full
}

/** The figures of this moment. What is not known has no value, and says so by a dash. */
export function facts(sources: readonly Source[], mounts: readonly Mount[] | null): Fact[] {
	const lines = (id: string): Line[] => {
		const s = sources.find((source) => source.panel.id === id);
		return s ? s.panel.lines(s.live) : [];
	};
	return [
		cpu(lines('cpu'), lines('cores')),
		memory(lines('memory')),
		load(lines('load'), lines('cores').length),
		pressure(lines('pressure')),
		disk(lines('disk'), lines('utilisation')),
		network(lines('network')),
		files(mounts),
	];
}

type Now = { name: string; v: number }[];

function now(lines: readonly Line[]): Now {
	return lines.flatMap((l) => {
		const v = newest(l.values);
		return v === null ? [] : [{ name: l.name, v }];
	});
}

const sum = (values: Now): number | null => (values.length ? values.reduce((s, x) => s + x.v, 0) : null);
const most = (values: Now) => values.reduce<Now[number] | null>((m, x) => (m === null || x.v > m.v ? x : m), null);

function cpu(modes: Line[], cores: Line[]): Fact {
	const all = sum(now(modes));
	const top = most(now(cores));
	const detail = top && cores.length > 1 ? `busiest core ${format(top.v, 'percent')}` : '';
	return { id: 'cpu', label: 'CPU', value: format(all, 'percent'), detail, level: all === null ? null : all / 100 };
}

function memory(lines: Line[]): Fact {
	const values = now(lines);
	const used = values.find((x) => x.name === 'used')?.v ?? null;
	const total = sum(values.filter((x) => ['used', 'buffers', 'cache', 'free'].includes(x.name)));
	const share = used !== null && total ? used / total : null;
	return {
		id: 'memory',
		label: 'Memory',
		value: format(share === null ? null : share * 100, 'percent'),
		detail: share === null ? '' : `${format(used, 'bytes')} of ${format(total, 'bytes')}`,
		level: share,
	};
}

function load(lines: Line[], cores: number): Fact {
	const one = now(lines).find((x) => x.name === '1 min')?.v ?? null;
	const detail = cores > 0 ? `on ${cores} ${cores === 1 ? 'core' : 'cores'}` : '';
	const level = one !== null && cores > 0 ? one / cores : null;
	return { id: 'load', label: 'Load', value: format(one, 'number'), detail, level };
}

function pressure(lines: Line[]): Fact {
	const top = most(now(lines));
	return {
		id: 'pressure',
		label: 'Pressure',
		value: format(top?.v, 'percent'),
		detail: top
			? top.v < 0.05
				? 'nobody waits'
				: `waiting for ${top.name.replace(', all', '')}`
			: 'not kept by this kernel',
		level: top ? top.v / 100 : null,
	};
}

function disk(lines: Line[], util: Line[]): Fact {
	const busy = most(now(util));
	return {
		id: 'disk',
		label: 'Disk I/O',
		value: format(sum(now(lines)), 'bytes/s'),
		detail: busy ? `${busy.name} busy ${format(busy.v, 'percent')}` : '',
		level: busy ? busy.v / 100 : null,
	};
}

function network(lines: Line[]): Fact {
	const outer = now(lines).filter((x) => !x.name.startsWith('lo '));
	const way = (suffix: string) => format(sum(outer.filter((x) => x.name.endsWith(suffix))), 'bytes/s');
	return { id: 'network', label: 'Network', value: `↓ ${way(' rx')}`, detail: `↑ ${way(' tx')}`, level: null };
}

function files(mounts: readonly Mount[] | null): Fact {
	const real = mounts?.filter((m) => !m.readonly) ?? [];
	const top = real.reduce<Mount | null>((m, x) => (m === null || x.full > m.full ? x : m), null);
	return {
		id: 'filesystems',
		label: 'Fullest file system',
		value: format(top?.full, 'percent'),
		detail: top ? `${top.mountpoint}, ${format(top.avail, 'bytes')} left` : '',
		level: top ? top.full / 100 : null,
	};
}
