// Which of the palette's colours a thing has. Well-known things have their own;
// devices take the next free one when they are first seen and keep it in all charts.

const fixed: Readonly<Record<string, number>> = {
	user: 0,
	nice: 2,
	system: 3,
	irq: 4,
	softirq: 8,
	steal: 11,
	iowait: 1,
	used: 0,
	buffers: 4,
	cache: 5,
	free: 11,
	available: 2,
	swap: 3,
	'1 min': 1,
	'5 min': 0,
	'15 min': 4,
	cpu: 0,
	memory: 4,
	'memory, all': 9,
	io: 1,
	'io, all': 7,
	cores: 0,
};

const given = new Map<string, number>();

export function hueOf(name: string, colours: number): number {
	const own = Object.hasOwn(fixed, name) ? fixed[name] : undefined;
	if (own !== undefined) return own % colours;
	let hue = given.get(name);
	if (hue === undefined) {
		hue = given.size;
		given.set(name, hue);
	}
	return hue % colours;
}
