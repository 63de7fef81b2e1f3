import { stepFor } from '../ranges';
import { fill, stretch, tickTest } from './load';
import type { Source } from './source';
import { Table } from './table';

/**
 * Past shows a stretch that stands still: at once with what the live tables hold of
 * it, and, when it was zoomed into, with the finer points that the history has.
 */
export class Past {
	private abort = new AbortController();

	constructor(
		private readonly sources: readonly Source[],
		private readonly changed: () => void,
	) {}

	/** Holds what is shown. */
	freeze(): void {
		this.abort.abort();
		for (const s of this.sources) s.past ??= s.live.snapshot();
	}

	/** Asks the history for a stretch. */
	load(from: number, to: number, interval: number): void {
		this.freeze();
		this.abort = new AbortController();
		const { signal } = this.abort;
		const margin = (to - from) / 50;
		const wanted = stretch(from - margin, to + margin, { step: stepFor(to - from, interval), interval });
		const ticks = tickTest(wanted, signal);
		ticks.catch(() => {}); // every panel that waits for it reports it
		for (const source of this.sources) {
			const table = new Table(wanted.step, interval);
			source.tell({ loading: true });
			void fill(table, source.panel, wanted, ticks, signal).then((fault) => {
				if (signal.aborted) return;
				if (!fault) source.past = table;
				source.tell({ loading: false, history: fault });
				this.changed();
			});
		}
	}

	leave(): void {
		this.abort.abort();
		for (const s of this.sources) {
			s.past = null;
			s.tell({ loading: false, history: null });
		}
	}
}
