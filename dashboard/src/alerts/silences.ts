import { Observable } from '../observable';
import type { Silence } from './silence';
import { expireSilence, listSilences, type NewSilence, postSilence } from './silence_api';

const stale = 60_000; // after so long the list is asked for again
const soon = 100; // several reasons to ask come together

/**
 * Silences is what the page knows of the silences: asked for when something says
 * that they have changed, and once a minute. `stop` ends what it started.
 */
export class Silences {
	readonly all = new Observable<readonly Silence[] | null>(null); // null: not known yet
	private loaded = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private asked = 0;
	private answered = 0; // the newest question of those; the answer to an older one is of no use

	/** Asks for the list, soon. What goes wrong leaves the old one; the next time may do better. */
	load(): void {
		this.timer ??= setTimeout(() => {
			this.timer = undefined;
			void this.ask();
		}, soon);
	}

	tick(now: number): void {
		if (Math.abs(now - this.loaded) < stale) return;
		this.loaded = now;
		this.load();
	}

	stop(): void {
		clearTimeout(this.timer);
		this.answered = Number.POSITIVE_INFINITY;
	}

	/** Makes or changes a silence, and shows it. */
	async put(s: NewSilence): Promise<void> {
		await postSilence(s);
		await this.ask();
	}

	async expire(id: string): Promise<void> {
		await expireSilence(id);
		await this.ask();
	}

	private async ask(): Promise<void> {
		const question = ++this.asked;
		try {
			const all = await listSilences();
			if (question < this.answered) return;
			this.answered = question;
			this.all.set(all);
		} catch {
			// The connection's badge says that the daemon is away.
		}
	}
}
