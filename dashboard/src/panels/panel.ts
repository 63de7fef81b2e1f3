import type { Column, Table } from '../data/table';
import type { Unit } from '../format';

export interface Grid {
	readonly step: number;
	readonly interval: number;
}

/** Line is one curve of a chart: what a legend says of it, and its values. */
export interface Line {
	readonly key: string; // the same for the same thing, for as long as the page lives
	readonly name: string;
	readonly hue: string; // what it shares its colour with: a device has one colour in all its charts
	readonly values: readonly (number | null)[];
	readonly below?: boolean; // drawn downwards from zero
	readonly loose?: boolean; // not part of the stack
}

/** Panel says what a chart shows. Its queries are the same for everybody at a grid, because viewers share evaluations. */
export interface Panel {
	readonly id: string;
	readonly title: string;
	readonly note: string; // what exactly is shown, for those who ask
	readonly unit: Unit;
	readonly kind: 'stack' | 'lines' | 'heat';
	readonly queries: (grid: Grid) => string[];
	readonly lines: (table: Table) => Line[];
	readonly least: number; // the scale goes at least this far
	readonly absent: string; // why there may be nothing
	readonly above?: string; // what goes up and what goes down, where both do
	readonly under?: string;
}

/** The columns that answer one of a panel's queries. */
export function answers(table: Table, query: number): Column[] {
	return [...table.columns.values()].filter((c) => c.query === query);
}

const collator = new Intl.Collator('en', { numeric: true });

/** One line for each value of a label, in the order in which people count: eth2 before eth10. */
export function byLabel(table: Table, query: number, label: string, extra: Partial<Line> = {}): Line[] {
	return answers(table, query)
		.map((c) => ({ name: c.labels[label] ?? '', column: c }))
		.sort((a, b) => collator.compare(a.name, b.name))
		.map(({ name, column }) => ({ key: column.key, name, hue: name, values: column.values, ...extra }));
}

/**
 * Shares of time, held to what is possible. A counter is read a little before or after
 * its tick, so that over a single second a whole may come out at 115%, and nothing at -1%.
 */
export function shares(lines: Line[]): Line[] {
	const share = (v: number | null) => (v === null ? null : Math.min(100, Math.max(0, v)));
	return lines.map((l) => ({ ...l, values: l.values.map(share) }));
}
