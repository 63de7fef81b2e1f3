import type { Labels } from '../stream/messages';

export interface Column {
	readonly key: string;
	readonly query: number; // which of its panel's queries it answers
	readonly labels: Labels;
	readonly values: (number | null)[]; // one for each of the table's times
}

/** Hole is a stretch of time without a row: its edges are the rows around it, or the table's own end. */
export interface Hole {
	from: number;
	to: number;
}

/** How long a row may be late: a daemon that is short of time evaluates panels last. */
export const patience = 20_000;

/**
 * Table holds the rows of one panel by column, as charts take them. Times are Unix
 * milliseconds and grow. Rows may come in any order and more than once (history and
 * stream meet in it): a value put twice is there once. Where rows are missing, an
 * empty row stands, so that a line is broken and not drawn across.
 */
export class Table {
	readonly times: number[] = [];
	readonly columns = new Map<string, Column>();
	private readonly marks = new Set<number>(); // times of the empty rows

	/** `interval` is the daemon's: rows at that spacing may not miss one; coarser ones may miss one, since the data between is there. */
	constructor(
		readonly step: number,
		private readonly interval: number,
	) {
		this.reach = step * (step > interval ? 2.5 : 1.5);
	}
	private readonly reach: number;

	get last(): number {
		return this.times.at(-1) ?? 0;
	}

	/** Puts a row's values beside those already there for that time. */
	put(t: number, columns: readonly Pick<Column, 'key' | 'query' | 'labels'>[], values: readonly (number | null)[]) {
		const row = this.row(t);
		this.marks.delete(t);
		for (let i = 0; i < columns.length; i++) {
			const v = values[i] ?? null;
			const head = columns[i];
			if (v === null || !head) continue;
			let column = this.columns.get(head.key);
			if (!column) {
				column = { ...head, values: new Array(this.times.length).fill(null) };
				this.columns.set(head.key, column);
			}
			column.values[row] = v;
		}
	}

	/** Says that there is nothing from `from` to `to`, inclusive. Rows that are there stay. */
	hole(from: number, to: number): void {
		const at = this.find(from);
		const next = this.times[at];
		if (next !== undefined && next <= to) return;
		this.insert(at, from);
		this.marks.add(from);
	}

	/** Ends the lines when rows have stayed away up to `now`: the newest is not the present any more. */
	age(now: number): void {
		const { last } = this;
		if (last === 0 || this.marks.has(last) || now - last <= this.reach + patience) return;
		this.hole(last + this.step, last + this.step);
	}

	/** Marks the holes left between rows that came out of order. */
	seal(): void {
		for (let i = this.times.length - 1; i > 0; i--) {
			const before = this.times[i - 1] as number;
			const after = this.times[i] as number;
			if (after - before <= this.reach || this.marks.has(before) || this.marks.has(after)) continue;
			this.insert(i, before + this.step);
			this.marks.add(before + this.step);
		}
	}

	holes(): Hole[] {
		const all: Hole[] = [];
		for (const t of this.marks) {
			const i = this.find(t);
			all.push({ from: this.times[i - 1] ?? t, to: this.times[i + 1] ?? t });
		}
		return all;
	}

	/** Forgets what is older than `before`, in strides, and columns that have nothing left. */
	trim(before: number): void {
		const n = this.find(before);
		if (n < 64 && n < this.times.length) return;
		this.times.splice(0, n);
		for (const t of this.marks) if (t < before) this.marks.delete(t);
		for (const [key, column] of this.columns) {
			column.values.splice(0, n);
			if (column.values.every((v) => v === null)) this.columns.delete(key);
		}
	}

	/** A copy that later rows do not reach. */
	snapshot(): Table {
		const copy = new Table(this.step, this.interval);
		copy.times.push(...this.times);
		for (const t of this.marks) copy.marks.add(t);
		for (const [key, column] of this.columns) copy.columns.set(key, { ...column, values: column.values.slice() });
		return copy;
	}

	private row(t: number): number {
		const n = this.times.length;
		const last = this.times[n - 1];
		if (last === undefined || t > last) {
			if (last !== undefined && t - last > this.reach && !this.marks.has(last)) {
				this.insert(n, last + this.step);
				this.marks.add(last + this.step);
			}
			this.insert(this.times.length, t);
			return this.times.length - 1;
		}
		const i = this.find(t);
		if (this.times[i] !== t) this.insert(i, t);
		return i;
	}

	private insert(at: number, t: number): void {
		this.times.splice(at, 0, t);
		for (const column of this.columns.values()) column.values.splice(at, 0, null);
	}

	/** Where `t` is, or would be. */
	private find(t: number): number {
		let low = 0;
		let high = this.times.length;
		if (high > 0 && this.last < t) return high;
		while (low < high) {
			const mid = (low + high) >> 1;
			if ((this.times[mid] as number) < t) low = mid + 1;
			else high = mid;
		}
		return low;
	}
}

/** Names a column: the query it answers and its labels, whatever order they come in. */
export function head(query: number, labels: Labels): Pick<Column, 'key' | 'query' | 'labels'> {
	const names = Object.keys(labels).sort();
	return { key: JSON.stringify([query, ...names.map((n) => [n, labels[n]])]), query, labels };
}
