import type { Grid } from '../panels/panel';
import { duration, onGrid, type Range } from '../ranges';
import type { ClientMessage, Hello } from '../stream/messages';
import type { StreamEvent } from '../stream/reducer';
import { fill, stretch, tickTest } from './load';
import type { Source } from './source';
import { type Column, head, Table } from './table';

interface Followed {
	readonly source: Source;
	readonly query: number;
	readonly expr: string;
	columns: Pick<Column, 'key' | 'query' | 'labels'>[];
	last: number; // the newest row, from which to go on after a reconnect
}

/**
 * Follower keeps the live tables of all charts for one range:
 *
 *  1. `start` empties them, asks the history up to the newest tick known, and then
 *     subscribes from the last row on, so that the stream takes over without hole or
 *     overlap. (The last row comes twice; a table holds it once.)
 *  2. `resume`, after a reconnect, subscribes from the newest row of each query. What
 *     was missed arrives as rows, what was never taken as a hole.
 *  3. A hole whose data is stored (the page was slow, or away for too long) is asked
 *     from the history.
 *
 * Where the history does not answer, the stream is asked for the whole range.
 */
export class Follower {
	private readonly followed = new Map<string, Followed>();
	private generation = 0;
	private abort = new AbortController();
	private grid: Grid = { step: 1000, interval: 1000 };
	range: Range;

	constructor(
		private readonly sources: readonly Source[],
		private readonly send: (m: ClientMessage) => boolean,
		private readonly changed: () => void,
		range: Range,
	) {
		this.range = range;
	}

	/** Begins anew. `now` is the newest tick known. */
	start(range: Range, interval: number, now: number): void {
		for (const id of this.followed.keys()) this.send({ op: 'unsubscribe', id });
		this.followed.clear();
		this.abort.abort();
		this.abort = new AbortController();
		this.generation++;
		this.range = range;
		this.grid = { step: onGrid(range.step, interval), interval };
		const past = stretch(now - range.span, now, this.grid);
		const ticks = tickTest(past, this.abort.signal);
		ticks.catch(() => {}); // every panel that waits for it reports it
		for (const source of this.sources) void this.begin(source, past, ticks);
	}

	private async begin(source: Source, past: ReturnType<typeof stretch>, ticks: Promise<(t: number) => boolean>) {
		const generation = this.generation;
		const table = new Table(this.grid.step, this.grid.interval);
		source.live = table;
		source.tell({ loading: true, history: null, stream: null });
		const fault = await fill(table, source.panel, past, ticks, this.abort.signal);
		if (generation !== this.generation) return;
		source.tell({ loading: false, history: fault });
		source.panel.queries(this.grid).forEach((expr, query) => {
			const id = `${source.panel.id}/${query}/${generation}`;
			const last = fault ? past.from : past.to;
			this.followed.set(id, { source, query, expr, columns: [], last });
			this.subscribe(id);
		});
		this.changed();
	}

	/**
	 * Goes on where it stopped, on a new connection; from the start where that was too
	 * long ago to replay, or is yet to come: then the daemon's clock was set back.
	 */
	resume(hello: Hello): void {
		const begun = this.followed.size > 0;
		const rows = [...this.followed.values()].map((f) => f.last);
		const far = hello.t - Math.min(...rows) > this.range.span || Math.max(...rows) > hello.t;
		if (!begun || hello.interval !== this.grid.interval || far) {
			this.start(this.range, hello.interval, hello.t);
			return;
		}
		for (const id of this.followed.keys()) this.subscribe(id);
	}

	private subscribe(id: string): void {
		const f = this.followed.get(id);
		if (!f) return;
		const { step, interval } = this.grid;
		const every = step > interval ? { every: duration(step) } : {};
		this.send({ op: 'subscribe', id, query: f.expr, from: f.last, ...every });
	}

	/** True if the event was about one of the charts. */
	take(event: StreamEvent): boolean {
		if (!('id' in event)) return false;
		const f = this.followed.get(event.id);
		if (!f) return false;
		switch (event.kind) {
			case 'columns':
				f.columns = event.series.map((labels) => head(f.query, labels));
				break;
			case 'row':
				f.source.live.put(event.t, f.columns, event.values);
				f.source.live.trim(event.t - this.range.span - 2 * this.grid.step);
				f.last = Math.max(f.last, event.t);
				if (f.source.note.get().stream) f.source.tell({ stream: null });
				break;
			case 'hole':
				f.source.live.hole(event.from, event.to);
				if (event.reason === 'slow' || event.reason === 'long') void this.refill(f.source, event.from, event.to);
				break;
			case 'refused':
			case 'failed':
				f.source.tell({ stream: event.message });
				break;
			case 'resync':
				this.send({ op: 'unsubscribe', id: event.id });
				this.subscribe(event.id);
				break;
		}
		return true;
	}

	private async refill(source: Source, from: number, to: number): Promise<void> {
		const missing = stretch(from, to, this.grid);
		const table = source.live;
		await fill(table, source.panel, missing, tickTest(missing, this.abort.signal), this.abort.signal);
		if (table === source.live) this.changed();
	}
}
