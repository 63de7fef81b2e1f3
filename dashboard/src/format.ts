export type Unit = 'percent' | 'bytes' | 'bytes/s' | 'number';

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const decimal = ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'];

/** A value with its unit, in about three digits. */
export function format(v: number | null | undefined, unit: Unit): string {
	if (v === null || v === undefined || Number.isNaN(v)) return '–';
	if (!Number.isFinite(v)) return v > 0 ? '∞' : '−∞';
	switch (unit) {
		case 'percent':
			return `${digits(v, 1)}%`;
		case 'bytes':
			return scaled(v, 1024, binary);
		case 'bytes/s':
			return scaled(v, 1000, decimal);
		case 'number':
			return digits(v, 2);
	}
}

function scaled(v: number, base: number, units: readonly string[]): string {
	let n = v;
	let i = 0;
	while (Math.abs(n) >= base * 0.9995 && i < units.length - 1) {
		n /= base;
		i++;
	}
	return `${digits(n, i === 0 ? 0 : 1)} ${units[i]}`;
}

/** Three digits, of which at most `most` stand behind the point. */
function digits(v: number, most: number): string {
	const size = Math.abs(v);
	const behind = size >= 99.95 ? 0 : size >= 9.995 ? Math.min(1, most) : most;
	const text = v.toFixed(behind);
	return /^-0(\.0*)?$/.test(text) ? text.slice(1) : text;
}

/** A number of an alert: no unit is known. */
export function plain(v: number): string {
	if (Number.isNaN(v)) return 'NaN';
	if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf';
	if (Math.abs(v) >= 1e8)
		return v
			.toExponential(3)
			.replace('+', '')
			.replace(/\.?0+e/, 'e');
	return Number.isInteger(v) ? String(v) : String(Number(v.toPrecision(4)));
}

/** How long something has lasted, in its two largest units. */
export function lasted(ms: number): string {
	const s = Math.max(0, Math.floor(ms / 1000));
	const parts: [number, string][] = [
		[Math.floor(s / 86400), 'd'],
		[Math.floor(s / 3600) % 24, 'h'],
		[Math.floor(s / 60) % 60, 'm'],
		[s % 60, 's'],
	];
	const first = parts.findIndex(([n]) => n > 0);
	if (first < 0) return '0s';
	return parts
		.slice(first, first + 2)
		.filter(([n]) => n > 0)
		.map(([n, unit]) => `${n}${unit}`)
		.join(' ');
}

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const short = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** The time of day, local, with seconds. */
export function clock(t: number): string {
	return time.format(t);
}

/** The time of day, with its date where that is not today. */
export function moment(t: number, now: number): string {
	return day.format(t) === day.format(now) ? clock(t) : `${day.format(t)} ${clock(t)}`;
}

/** Labels of a time axis whose marks lie `increment` seconds apart. A new day is named. */
export function axisTimes(times: readonly number[], increment: number): string[] {
	let before = '';
	return times.map((t) => {
		const today = day.format(t);
		const crossed = before !== '' && today !== before;
		before = today;
		if (increment >= 86400 || crossed) return today;
		return increment < 60 ? clock(t) : short.format(t);
	});
}
