import { Observable } from '../observable';
import type { Panel } from '../panels/panel';
import { Table } from './table';

/** What a chart has to say when it has nothing to draw, or not everything. */
export interface Note {
	readonly loading: boolean;
	readonly history: string | null; // why the past is missing
	readonly stream: string | null; // why the present is
}

export const quiet: Note = { loading: false, history: null, stream: null };

/**
 * Source is the data of one chart: the table that follows the stream, and, while a
 * past stretch is looked at, the table of that. The chart reads whichever is shown.
 */
export class Source {
	live = new Table(1000, 1000);
	past: Table | null = null;
	readonly note = new Observable<Note>({ ...quiet, loading: true });

	constructor(readonly panel: Panel) {}

	get table(): Table {
		return this.past ?? this.live;
	}

	tell(change: Partial<Note>): void {
		this.note.set({ ...this.note.get(), ...change });
	}
}
