import type { Table } from '../data/table';
import type { Line, Panel } from '../panels/panel';
import { negative, stack } from './stack';

/** Drawn is a panel's data as uPlot takes it. */
export interface Drawn {
	readonly times: readonly number[];
	readonly lines: readonly Line[]; // all, hidden ones too, in the legend's order
	readonly shown: readonly Line[]; // those that are drawn, in order
	readonly columns: readonly (readonly (number | null)[])[]; // one for each of `shown`
	readonly stacked: number; // how many of `shown`, from the first, stand on each other
}

export function arrange(panel: Panel, table: Table, hidden: ReadonlySet<string>): Drawn {
	const lines = panel.lines(table);
	const visible = lines.filter((l) => !hidden.has(l.key));
	const standing = panel.kind === 'stack' ? visible.filter((l) => !l.loose) : [];
	const others = panel.kind === 'stack' ? visible.filter((l) => l.loose) : visible;
	return {
		times: table.times,
		lines,
		shown: [...standing, ...others],
		columns: [...stack(standing.map((l) => l.values)), ...others.map((l) => (l.below ? negative(l.values) : l.values))],
		stacked: standing.length,
	};
}

/** The same as long as a chart need not be built anew. */
export function shape(d: Drawn): string {
	return d.shown.map((l) => l.key).join('\n');
}
