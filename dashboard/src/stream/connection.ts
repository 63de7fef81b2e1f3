import { type ClientMessage, parse } from './messages';
import { askAfter, deadAfter, explain, goodAfter, helloWithin, retryDelay, staleTicks } from './policy';
import { initial, reduce, type StreamEvent, type StreamState } from './reducer';

export type ConnectionStatus =
	| { phase: 'connecting' }
	| { phase: 'live' }
	| { phase: 'stale'; since: number } // since: how long ago the last tick came, ms
	| { phase: 'reconnecting'; at: number; reason: string }; // at: when the next attempt begins, on the monotonic clock

export interface ConnectionOptions {
	open(): WebSocket;
	onEvent(event: StreamEvent): void;
	onStatus(status: ConnectionStatus): void;
	random?: () => number;
}

/**
 * Connection keeps one WebSocket to the stream alive. It says `hello` again after
 * every reconnect; asking for what was followed before is the listener's part,
 * since only the listener knows where it stopped. Events of a connection that has
 * been given up are never delivered.
 */
export class Connection {
	private socket: WebSocket | null = null;
	private state: StreamState = initial;
	private attempts = 0;
	private opened = 0;
	private heard = 0;
	private asked = false;
	private ticked = 0;
	private interval = 1000;
	private retry: ReturnType<typeof setTimeout> | undefined;
	private watch: ReturnType<typeof setInterval> | undefined;
	private status: ConnectionStatus = { phase: 'connecting' };

	constructor(private readonly options: ConnectionOptions) {}

	start(): void {
		this.watch ??= setInterval(() => this.check(), 1000);
		this.connect();
	}

	stop(): void {
		clearInterval(this.watch);
		clearTimeout(this.retry);
		this.watch = undefined;
		this.drop();
	}

	/** Cuts a wait short: the network is back, the tab is seen again, somebody pressed the button. */
	retryNow(): void {
		if (this.status.phase === 'reconnecting') this.connect();
	}

	/** False when there is no connection to say it on. */
	send(message: ClientMessage): boolean {
		if (!this.state.hello || this.socket?.readyState !== 1) return false;
		this.socket.send(JSON.stringify(message));
		return true;
	}

	/** A tick's data came: what is shown is as new as it can be. */
	tick(): void {
		this.ticked = performance.now();
		if (this.status.phase === 'stale') this.tell({ phase: 'live' });
	}

	/** Looks at every deadline. Runs each second, and when a hidden tab, whose timers sleep, is seen again. */
	check(): void {
		const now = performance.now();
		if (!this.socket) return;
		if (!this.state.hello) {
			if (now - this.opened > helloWithin) this.lost(0, 'the server does not answer');
			return;
		}
		const silent = now - this.heard;
		if (silent >= deadAfter) return this.lost(0, 'the server went silent');
		if (silent >= askAfter && !this.asked) {
			this.asked = this.send({ op: 'ping', t: Date.now() });
		}
		if (now - this.opened > goodAfter) this.attempts = 0;
		const late = now - this.ticked;
		if (late > staleTicks * this.interval + 500) this.tell({ phase: 'stale', since: late });
	}

	private connect(): void {
		clearTimeout(this.retry);
		this.drop();
		this.state = initial;
		this.opened = performance.now();
		this.tell({ phase: 'connecting' });
		let socket: WebSocket;
		try {
			socket = this.options.open();
		} catch (cause) {
			return this.lost(0, cause instanceof Error ? cause.message : String(cause));
		}
		this.socket = socket;
		socket.onmessage = (e) => this.receive(e.data);
		socket.onclose = (e) => this.lost(e.code, e.reason);
	}

	private receive(data: unknown): void {
		this.heard = performance.now();
		this.asked = false;
		const message = parse(data);
		if (!message) return;
		const [state, events] = reduce(this.state, message);
		this.state = state;
		for (const event of events) {
			if (event.kind === 'hello') {
				this.interval = event.hello.interval;
				this.ticked = this.heard;
				this.tell({ phase: 'live' });
			}
			this.options.onEvent(event);
		}
	}

	private lost(code: number, reason: string): void {
		this.drop();
		const delay = retryDelay(this.attempts++, reason, this.options.random ?? Math.random);
		this.retry = setTimeout(() => this.connect(), delay);
		this.tell({ phase: 'reconnecting', at: performance.now() + delay, reason: explain(code, reason) });
	}

	private drop(): void {
		const socket = this.socket;
		this.socket = null;
		if (!socket) return;
		socket.onmessage = null;
		socket.onclose = null;
		socket.close();
	}

	private tell(status: ConnectionStatus): void {
		this.status = status;
		this.options.onStatus(status);
	}
}
