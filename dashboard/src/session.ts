import { type Book, empty, fold } from './alerts/book';
import { Silences } from './alerts/silences';
import { Follower } from './data/follower';
import { Past } from './data/past';
import { Source } from './data/source';
import { patience } from './data/table';
import { Observable } from './observable';
import { panels } from './panels/all';
import { filesystemQuery, type Mount, mounts } from './panels/filesystems';
import { duration, onGrid, type Range, shortest } from './ranges';
import { Connection, type ConnectionStatus } from './stream/connection';
import type { Hello, Labels } from './stream/messages';
import type { StreamEvent } from './stream/reducer';

/** View is what the charts show: the last `span` as it goes on, or a stretch that stands still. */
export interface View {
	readonly range: Range;
	readonly still: { readonly from: number; readonly to: number; readonly zoomed: boolean } | null;
}

/**
 * Session is the page's state and the only one who talks to the daemon. Components
 * follow its observables; charts draw when `frames` changes, once for all the
 * messages of a tick. `stop` ends everything it started.
 */
export class Session {
	readonly status = new Observable<ConnectionStatus>({ phase: 'connecting' });
	readonly hello = new Observable<Hello | null>(null);
	readonly book = new Observable<Book>(empty);
	readonly alertsKnown = new Observable(false);
	readonly silences = new Silences();
	readonly mounts = new Observable<Mount[] | null>(null);
	readonly view: Observable<View>;
	readonly frames = new Observable(0);
	readonly sources = panels.map((p) => new Source(p));
	private now = 0; // the newest tick
	private mountSeries: Labels[] = [];
	private mounted = 0; // when a reading of them came, or could have begun to, on the monotonic clock
	private joined: number | null = null; // where the alerts' picture was taken, until all of it is surely here
	private frame: ReturnType<typeof setTimeout> | undefined;
	private readonly connection: Connection;
	private readonly follower: Follower;
	private readonly past = new Past(this.sources, () => this.draw());

	constructor(open: () => WebSocket, range: Range) {
		this.view = new Observable<View>({ range, still: null });
		this.connection = new Connection({
			open,
			onEvent: (e) => this.take(e),
			onStatus: (s) => this.status.set(s),
		});
		this.follower = new Follower(
			this.sources,
			(m) => this.connection.send(m),
			() => this.draw(),
			range,
		);
	}

	start(): void {
		this.connection.start();
	}

	stop(): void {
		this.connection.stop();
		this.silences.stop();
		clearTimeout(this.frame);
	}

	/** The tab is seen again, or the network is back. */
	wake(): void {
		this.connection.check();
		this.connection.retryNow();
		this.draw();
	}

	/** The newest tick's time, or this computer's before there is one. */
	get tick(): number {
		return this.now || Date.now();
	}

	/** The times at the left and right edge of every chart. */
	window(): [from: number, to: number] {
		const { range, still } = this.view.get();
		if (still) return [still.from, still.to];
		return [this.tick - range.span, this.tick];
	}

	choose(range: Range): void {
		this.live();
		this.view.set({ range, still: null });
		if (this.hello.get()) this.follower.start(range, this.interval, this.now);
		else this.follower.range = range;
		this.draw();
	}

	pause(): void {
		const { range, still } = this.view.get();
		if (still) return this.live();
		const [from, to] = this.window();
		this.past.freeze();
		this.view.set({ range, still: { from, to, zoomed: false } });
		this.draw();
	}

	/** Shows a stretch of the past, as finely as it is kept. */
	zoom(from: number, to: number): void {
		const middle = (from + to) / 2;
		const half = Math.max(to - from, shortest) / 2;
		const shift = Math.min(0, this.tick - (middle + half)); // nothing is known of the future
		const still = { from: middle - half + shift, to: middle + half + shift, zoomed: true };
		this.past.load(still.from, still.to, this.interval);
		this.view.set({ range: this.view.get().range, still });
		this.draw();
	}

	live(): void {
		const { range, still } = this.view.get();
		if (!still) return;
		this.past.leave();
		this.view.set({ range, still: null });
		this.draw();
	}

	private get interval(): number {
		return this.hello.get()?.interval ?? 1000;
	}

	private take(event: StreamEvent): void {
		if (event.kind === 'hello') return this.greet(event.hello);
		if (event.kind === 'row' && event.t >= this.now) this.now = event.t;
		if (this.follower.take(event)) return this.draw();
		switch (event.kind) {
			case 'row':
				if (event.id === 'pulse') this.pulse();
				if (event.id === 'mounts') {
					this.mounts.set(mounts(this.mountSeries, event.values));
					this.mounted = performance.now();
				}
				return this.draw();
			case 'columns':
				if (event.id === 'mounts') this.mountSeries = event.series;
				if (event.id === 'mounts' && event.series.length === 0) this.mounts.set([]);
				return;
			case 'started':
				if (event.id === 'alerts' && !this.alertsKnown.get()) this.join(event.seq);
				return;
			case 'hole':
				if (event.id === 'pulse' && event.reason === 'clock') this.setBack(event.from);
				return;
			case 'alert':
				if (event.message.event.endsWith('silenced')) this.silences.load();
				return this.book.set(fold(this.book.get(), event.message));
			case 'progress':
				return this.book.set({ ...this.book.get(), seq: Math.max(this.book.get().seq, event.seq) });
			case 'alertsLost':
				this.connection.send({ op: 'unsubscribe', id: 'alerts' });
				return this.followAlerts();
		}
	}

	/** The picture of the alerts begins. What came before it, of the subscription that it follows, may have no end. */
	private join(seq: number | null): void {
		this.joined = seq;
		this.book.set({ ...empty, recent: this.book.get().recent });
	}

	/** The daemon's clock was set back: the present is earlier than what is shown. */
	private setBack(now: number): void {
		this.now = now;
		this.follower.start(this.follower.range, this.interval, now);
	}

	/** A tick. What was sent before it has arrived, the picture of the alerts included. */
	private pulse(): void {
		this.connection.tick();
		this.silences.tick(this.tick);
		for (const s of this.sources) s.live.age(this.tick);
		const silent = performance.now() - this.mounted;
		if (this.mounts.get()?.length && silent > patience + 3 * this.interval) this.mounts.set([]);
		if (this.joined === null) return;
		this.book.set({ ...this.book.get(), seq: Math.max(this.book.get().seq, this.joined) });
		this.joined = null;
		this.alertsKnown.set(true);
	}

	private greet(hello: Hello): void {
		const before = this.hello.get();
		this.hello.set(hello);
		this.now = Math.max(hello.t, this.now > hello.t + hello.interval ? 0 : this.now);
		this.connection.send({ op: 'subscribe', id: 'pulse', samples: 'up' });
		const { seq: after, loose } = this.book.get();
		if (before?.epoch === hello.epoch && this.alertsKnown.get() && loose.size === 0) {
			this.connection.send({ op: 'subscribe', id: 'alerts', alerts: '', after, epoch: hello.epoch });
		} else this.followAlerts();
		const every = duration(onGrid(5000, hello.interval));
		this.connection.send({ op: 'subscribe', id: 'mounts', query: filesystemQuery, every });
		this.mounted = performance.now();
		this.follower.resume(hello);
		this.silences.load();
	}

	/** Asks for the picture of what is pending and firing, and what follows. */
	private followAlerts(): void {
		this.alertsKnown.set(false);
		this.joined = null;
		this.book.set({ ...empty, recent: this.book.get().recent });
		this.connection.send({ op: 'subscribe', id: 'alerts', alerts: '' });
	}

	/** Charts are drawn once for all the messages of a tick, which arrive close together. */
	private draw(): void {
		this.frame ??= setTimeout(() => {
			this.frame = undefined;
			this.frames.set(this.frames.get() + 1);
		}, 25);
	}
}
