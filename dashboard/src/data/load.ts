import type { Grid, Panel } from '../panels/panel';
import { HistoryError, queryRange, stored, tickTimes } from './history';
import { head, type Table } from './table';

/** A stretch of history on a grid: times in milliseconds, multiples of the step, both ends included. */
export interface Stretch extends Grid {
	readonly from: number;
	readonly to: number;
}

/** The multiples of the step that lie within `from` and `to`. */
export function stretch(from: number, to: number, grid: Grid): Stretch {
	const { step, interval } = grid;
	return { from: Math.ceil(from / step) * step, to: Math.floor(to / step) * step, step, interval };
}

/** Asks which ticks are stored; asked once for all panels of a page. */
export async function tickTest(s: Stretch, signal: AbortSignal): Promise<(t: number) => boolean> {
	if (s.to < s.from) return () => true;
	return stored(await queryRange(tickTimes, s.from, s.to, s.step, signal), s.step, s.interval);
}

/**
 * Fills a table with a panel's history and returns what went wrong, or null. What
 * one query could not get does not keep the others away.
 */
export async function fill(
	table: Table,
	panel: Panel,
	s: Stretch,
	ticks: Promise<(t: number) => boolean>,
	signal: AbortSignal,
): Promise<string | null> {
	if (s.to < s.from) return null;
	let fault: string | null = null;
	const one = async (expr: string, query: number) => {
		try {
			const [result, isStored] = await Promise.all([queryRange(expr, s.from, s.to, s.step, signal), ticks]);
			for (const element of result) {
				const column = [head(query, element.labels)];
				for (const [t, v] of element.points) if (isStored(t)) table.put(t, column, [v]);
			}
		} catch (cause) {
			if (signal.aborted) return;
			fault = cause instanceof HistoryError ? cause.message : String(cause);
		}
	};
	await Promise.all(panel.queries(s).map(one));
	table.seal();
	return fault;
}
