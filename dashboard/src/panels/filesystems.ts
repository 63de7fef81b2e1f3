import type { Labels } from '../stream/messages';

/** The expression behind the table: every mount, newest values only. */
export const filesystemQuery =
	'{__name__=~"node_filesystem_size_bytes|node_filesystem_avail_bytes|node_filesystem_free_bytes|node_filesystem_files|node_filesystem_files_free|node_filesystem_readonly"}';

export interface Mount {
	key: string;
	mountpoint: string;
	device: string;
	fstype: string;
	size: number;
	used: number;
	avail: number;
	full: number; // percent of what unprivileged users can fill, as df says it
	inodes: number | null; // percent
	readonly: boolean;
}

/** Folds one row of the query into mounts, the fullest real ones first and those in memory last. */
export function mounts(series: readonly Labels[], values: readonly (number | null)[]): Mount[] {
	const found = new Map<string, { labels: Labels; v: Map<string, number> }>();
	series.forEach((labels, i) => {
		const value = values[i];
		if (value === null || value === undefined) return;
		const key = JSON.stringify([labels.device, labels.mountpoint, labels.fstype]);
		const mount = found.get(key) ?? { labels, v: new Map() };
		mount.v.set(labels.__name__ ?? '', value);
		found.set(key, mount);
	});
	const all: Mount[] = [];
	for (const [key, { labels, v }] of found) {
		const size = v.get('node_filesystem_size_bytes') ?? 0;
		const avail = v.get('node_filesystem_avail_bytes');
		if (!size || avail === undefined) continue;
		const used = size - (v.get('node_filesystem_free_bytes') ?? avail);
		const files = v.get('node_filesystem_files') ?? 0;
		const filesFree = v.get('node_filesystem_files_free');
		all.push({
			key,
			mountpoint: labels.mountpoint ?? '',
			device: labels.device ?? '',
			fstype: labels.fstype ?? '',
			size,
			used,
			avail,
			full: used + avail > 0 ? (100 * used) / (used + avail) : 0,
			inodes: files > 0 && filesFree !== undefined ? (100 * (files - filesFree)) / files : null,
			readonly: v.get('node_filesystem_readonly') === 1,
		});
	}
	const memory = (m: Mount) => (/^(tmpfs|devtmpfs|ramfs|squashfs)$/.test(m.fstype) ? 1 : 0);
	return all.sort((a, b) => memory(a) - memory(b) || b.full - a.full || (a.mountpoint < b.mountpoint ? -1 : 1));
}
