import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection, type ConnectionStatus } from './connection';
import type { StreamEvent } from './reducer';

class FakeSocket {
	readyState = 1;
	closed = false;
	readonly sent: unknown[] = [];
	onmessage: ((e: { data: unknown }) => void) | null = null;
	onclose: ((e: { code: number; reason: string }) => void) | null = null;

	send(text: string): void {
		this.sent.push(JSON.parse(text));
	}
	close(): void {
		this.closed = true;
		this.readyState = 3;
	}
	say(message: object): void {
		this.onmessage?.({ data: JSON.stringify(message) });
	}
	end(code: number, reason: string): void {
		this.readyState = 3;
		this.onclose?.({ code, reason });
	}
}

const hello = { op: 'hello', version: '1', instance: 'web1', epoch: 'e', interval: 1000, t: 1000, seq: 0 };

let sockets: FakeSocket[];
let statuses: ConnectionStatus[];
let events: StreamEvent[];
let connection: Connection;
const newest = () => sockets.at(-1) as FakeSocket;
const phase = () => statuses.at(-1)?.phase;

beforeEach(() => {
	vi.useFakeTimers();
	sockets = [];
	statuses = [];
	events = [];
	connection = new Connection({
		open: () => {
			const socket = new FakeSocket();
			sockets.push(socket);
			return socket as unknown as WebSocket;
		},
		onEvent: (e) => events.push(e),
		onStatus: (s) => statuses.push(s),
		random: () => 1,
	});
	connection.start();
});

afterEach(() => {
	connection.stop();
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
});

describe('Connection', () => {
	it('is live once the server has said hello', () => {
		expect(phase()).toBe('connecting');
		expect(connection.send({ op: 'ping', t: 1 })).toBe(false);
		newest().say(hello);
		expect(phase()).toBe('live');
		expect(connection.send({ op: 'ping', t: 1 })).toBe(true);
		expect(newest().sent).toEqual([{ op: 'ping', t: 1 }]);
	});

	it('waits longer after each failure', () => {
		const waits: number[] = [];
		for (let n = 0; n < 6; n++) {
			newest().end(1006, '');
			const s = statuses.at(-1);
			if (s?.phase !== 'reconnecting') throw new Error(`is ${s?.phase}`);
			waits.push(s.at - performance.now());
			const before = sockets.length;
			vi.advanceTimersByTime(waits[n] as number);
			expect(sockets.length).toBe(before + 1);
		}
		expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15000]);
	});

	it('returns when the server asked it to', () => {
		newest().say(hello);
		newest().end(1012, 'restarting retry=4000');
		expect(statuses.at(-1)).toMatchObject({ phase: 'reconnecting', reason: 'restarting' });
		vi.advanceTimersByTime(4999);
		expect(sockets.length).toBe(1);
		vi.advanceTimersByTime(1);
		expect(sockets.length).toBe(2);
	});

	it('starts over with short waits after a connection that was good', () => {
		for (let n = 0; n < 4; n++) {
			newest().end(1006, '');
			vi.advanceTimersByTime(500 * 2 ** n);
		}
		newest().say(hello);
		for (let n = 0; n < 12; n++) {
			vi.advanceTimersByTime(1000);
			newest().say({ op: 'heartbeat', t: 1 });
		}
		newest().end(1006, '');
		vi.advanceTimersByTime(500);
		expect(sockets.length).toBe(6);
	});

	it('keeps waiting long when connections end as soon as they began', () => {
		for (let n = 0; n < 5; n++) {
			newest().say(hello);
			newest().end(1006, '');
			vi.advanceTimersByTime(500 * 2 ** n);
		}
		newest().say(hello);
		newest().end(1006, '');
		vi.advanceTimersByTime(14_999);
		expect(sockets.length).toBe(6);
	});

	it('does not wait for what somebody asks for now', () => {
		newest().end(1006, '');
		connection.retryNow();
		expect(sockets.length).toBe(2);
		connection.retryNow(); // it is connecting already
		expect(sockets.length).toBe(2);
		vi.advanceTimersByTime(500); // nor does the old wait open another
		expect(sockets.length).toBe(2);
	});

	it('gives up on a server that does not say hello', () => {
		vi.advanceTimersByTime(11_000);
		expect(sockets[0]?.closed).toBe(true);
		expect(statuses.find((s) => s.phase === 'reconnecting')).toMatchObject({ reason: 'the server does not answer' });
	});

	it('asks a silent server, and leaves it when it stays silent', () => {
		newest().say(hello);
		vi.advanceTimersByTime(5000);
		expect(newest().sent).toMatchObject([{ op: 'ping' }]);
		vi.advanceTimersByTime(9000);
		expect(newest().sent.length).toBe(1);
		expect(newest().closed).toBe(false);
		vi.advanceTimersByTime(1000);
		expect(sockets[0]?.closed).toBe(true);
		expect(statuses.at(-1)).toMatchObject({ phase: 'reconnecting', reason: 'the server went silent' });
	});

	it('stays with a server that answers', () => {
		newest().say(hello);
		for (let n = 0; n < 40; n++) {
			vi.advanceTimersByTime(1000);
			if (newest().sent.length > 0) {
				newest().sent.length = 0;
				newest().say({ op: 'pong', t: 1, now: 1 });
			}
		}
		expect(sockets.length).toBe(1);
	});

	it('says stale when ticks stay away though the server speaks, and live with the next', () => {
		newest().say(hello);
		for (let n = 0; n < 5; n++) {
			vi.advanceTimersByTime(1000);
			newest().say({ op: 'heartbeat', t: 1 });
		}
		expect(statuses.at(-1)).toEqual({ phase: 'stale', since: 5000 });
		connection.tick();
		expect(phase()).toBe('live');
	});

	it('delivers nothing of a connection that it has given up', () => {
		const old = newest();
		const late = old.onmessage;
		old.say(hello);
		old.end(1006, '');
		const n = events.length;
		expect(old.onmessage).toBeNull();
		expect(late).not.toBeNull();
		old.say(hello);
		expect(events.length).toBe(n);
	});

	it('survives that a socket cannot even be made', () => {
		const broken = new Connection({
			open: () => {
				throw new Error('blocked by the browser');
			},
			onEvent: () => {},
			onStatus: (s) => statuses.push(s),
		});
		broken.start();
		expect(statuses.at(-1)).toMatchObject({ phase: 'reconnecting', reason: 'blocked by the browser' });
		broken.stop();
	});

	it('is quiet about frames that it does not know', () => {
		newest().onmessage?.({ data: '{"op":"weather"}' });
		newest().onmessage?.({ data: 'x' });
		newest().onmessage?.({ data: new ArrayBuffer(2) });
		expect(events).toEqual([]);
	});
});
