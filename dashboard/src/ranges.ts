/** A span of time that the page can follow live, and the distance of the points that it asks for. */
export interface Range {
	readonly name: string;
	readonly title: string;
	readonly span: number; // ms
	readonly step: number; // ms, at a daemon's interval of up to that
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const ranges: readonly Range[] = [
	{ name: '5m', title: '5 minutes', span: 5 * minute, step: second },
	{ name: '15m', title: '15 minutes', span: 15 * minute, step: 3 * second },
	{ name: '1h', title: '1 hour', span: hour, step: 10 * second },
	{ name: '6h', title: '6 hours', span: 6 * hour, step: minute },
	{ name: '24h', title: '24 hours', span: 24 * hour, step: 5 * minute },
];

export const defaultRange = ranges[0] as Range;

export function rangeNamed(name: string): Range | undefined {
	return ranges.find((r) => r.name === name);
}

/** The shortest stretch that can be zoomed into. */
export const shortest = 10 * second;

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].map((s) => s * second);
const points = 400;

/** The step for a stretch of history: nice, and a few hundred points. */
export function stepFor(span: number, interval: number): number {
	const wanted = steps.find((s) => span / s <= points) ?? hour;
	return onGrid(wanted, interval);
}

/** The next multiple of the daemon's interval: nothing comes oftener than it samples. */
export function onGrid(step: number, interval: number): number {
	return Math.max(1, Math.ceil(step / interval)) * interval;
}

/** A step as the stream and PromQL write it. */
export function duration(ms: number): string {
	return ms % second === 0 ? `${ms / second}s` : `${ms}ms`;
}

/**
 * The rate of a counter, as every viewer of a step asks for it. At the daemon's
 * own interval it is that of the newest two samples, so that a spike of one second
 * is a spike of one second; coarser steps see every second since the step before.
 */
export function rate(selector: string, step: number, interval: number): string {
	if (step <= interval) return `irate(${selector}[${duration(5 * interval)}])`;
	return `rate(${selector}[${duration(Math.max(step + interval, 3 * interval))}])`;
}
