import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sorted } from './alerts/book';
import { head } from './data/table';
import { words } from './page/badge';
import { facts } from './page/facts';
import { act } from './page/keys';
import { defaultRange, ranges } from './ranges';
import { Session } from './session';

class FakeSocket {
	readyState = 1;
	readonly sent: { op: string; id?: string; [k: string]: unknown }[] = [];
	onmessage: ((e: { data: unknown }) => void) | null = null;
	onclose: ((e: { code: number; reason: string }) => void) | null = null;
	send(text: string): void {
		this.sent.push(JSON.parse(text));
	}
	close(): void {}
	say(...messages: object[]): void {
		for (const m of messages) this.onmessage?.({ data: JSON.stringify(m) });
	}
	of(id: string) {
		return this.sent.filter((m) => m.id === id);
	}
}

const t0 = 1763683200000;
const hello = (epoch = 'e', seq = 10, t = t0) => ({
	op: 'hello',
	version: '1',
	instance: 'web1',
	epoch,
	interval: 1000,
	t,
	seq,
});
const pulse = (t: number) => [
	{ op: 'subscribed', id: 'pulse', sub: 1, t },
	{ op: 'series', sub: 1, rev: 1, series: [{ __name__: 'up' }] },
	{ op: 'samples', sub: 1, rev: 1, t, v: [1] },
];
const firing = (name: string, seq: number, event = 'firing') => ({
	op: 'alert',
	sub: 2,
	seq,
	t: t0,
	event,
	alert: {
		fingerprint: name,
		state: event,
		labels: { alertname: name },
		annotations: {},
		value: 1,
		activeAt: '2025-11-21T00:00:00Z',
		startsAt: '2025-11-21T00:00:00Z',
		endsAt: '2025-11-21T00:00:00Z',
		generatorURL: '',
	},
});

let sockets: FakeSocket[];
let session: Session;
const socket = () => sockets.at(-1) as FakeSocket;
const active = () => sorted(session.book.get()).map((a) => a.name);

beforeEach(() => {
	vi.useFakeTimers();
	vi.stubGlobal('document', { baseURI: 'http://host/' });
	vi.stubGlobal('fetch', async () => Response.json({ status: 'success', data: { result: [] } }));
	sockets = [];
	session = new Session(() => {
		const s = new FakeSocket();
		sockets.push(s);
		return s as unknown as WebSocket;
	}, defaultRange);
	session.start();
});
afterEach(() => {
	session.stop();
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

function reconnect(): void {
	socket().onclose?.({ code: 1006, reason: '' });
	vi.advanceTimersByTime(1000);
}

describe('Session', () => {
	it('follows the tick, the alerts and the mounts', () => {
		socket().say(hello());
		expect(socket().of('pulse')).toEqual([{ op: 'subscribe', id: 'pulse', samples: 'up' }]);
		expect(socket().of('alerts')).toEqual([{ op: 'subscribe', id: 'alerts', alerts: '' }]);
		expect(socket().of('mounts')).toMatchObject([{ every: '5s' }]);
	});

	it('knows all alerts once a tick came after their picture', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, { ...firing('A', 7), current: true });
		expect(active()).toEqual(['A']);
		expect(session.alertsKnown.get()).toBe(false);
		socket().say(...pulse(t0 + 1000));
		expect(session.alertsKnown.get()).toBe(true);
		expect(session.book.get().seq).toBe(10);
	});

	it('resumes the alerts after the last one seen', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, ...pulse(t0), firing('A', 11));
		reconnect();
		socket().say(hello('e', 12));
		expect(socket().of('alerts')).toEqual([{ op: 'subscribe', id: 'alerts', alerts: '', after: 11, epoch: 'e' }]);
		expect(active()).toEqual(['A']);
		socket().say({ op: 'subscribed', id: 'alerts', sub: 2, seq: 12 }, firing('A', 12, 'resolved'));
		expect(active()).toEqual([]);
		expect(session.book.get().recent.map((a) => a.name)).toEqual(['A']);
	});

	it('asks for the picture anew when it was cut off before all of it was here', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, { ...firing('A', 7), current: true });
		reconnect();
		socket().say(hello());
		expect(socket().of('alerts')).toEqual([{ op: 'subscribe', id: 'alerts', alerts: '' }]);
	});

	it('does not take a tick before the picture for the one behind it, after a picture that was cut off', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, { ...firing('A', 7), current: true });
		reconnect();
		socket().say(hello(), ...pulse(t0 + 1000)); // the tick is asked for first
		expect(session.alertsKnown.get()).toBe(false);
		reconnect();
		socket().say(hello());
		expect(socket().of('alerts')).toEqual([{ op: 'subscribe', id: 'alerts', alerts: '' }]);
	});

	it('keeps nothing of what came between a gap and the picture', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, ...pulse(t0), firing('A', 11));
		socket().say({ op: 'gap', sub: 2, after: 11, next: 50, reason: 'expired' }, firing('B', 51));
		// Its end is not sent: the server has heard that this subscription is over.
		socket().say({ op: 'unsubscribed', id: 'alerts', sub: 2 }, { op: 'subscribed', id: 'alerts', sub: 2, seq: 60 });
		socket().say({ ...firing('C', 55), current: true }, ...pulse(t0 + 1000));
		expect(active()).toEqual(['C']);
	});

	const loose = (event: string) => ({ ...firing('A', 0, event), seq: undefined, durable: false });

	it.each(['firing', 'resolved'])('asks for the picture anew after %s that no disk had taken', (event) => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, ...pulse(t0), firing('A', 9));
		socket().say(loose(event));
		reconnect(); // the daemon was killed, and nobody will ever tell more of it
		socket().say(hello());
		expect(socket().of('alerts')).toEqual([{ op: 'subscribe', id: 'alerts', alerts: '' }]);
		expect(session.alertsKnown.get()).toBe(false);
	});

	it('resumes after events that a disk has taken since', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, ...pulse(t0));
		socket().say(loose('firing'), firing('A', 11));
		reconnect();
		socket().say(hello());
		expect(socket().of('alerts')).toMatchObject([{ after: 11 }]);
	});

	it('asks for the picture anew when the journal is another one', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, ...pulse(t0), firing('A', 11));
		reconnect();
		socket().say(hello('other', 1));
		expect(socket().of('alerts')).toEqual([{ op: 'subscribe', id: 'alerts', alerts: '' }]);
		expect(active()).toEqual([]);
		expect(session.book.get().seq).toBe(0);
	});

	it('asks for the picture anew when events are gone', () => {
		socket().say(hello(), { op: 'subscribed', id: 'alerts', sub: 2, seq: 10 }, ...pulse(t0), firing('A', 11));
		socket().sent.length = 0;
		socket().say({ op: 'gap', sub: 2, after: 11, next: 50, reason: 'expired' });
		expect(socket().of('alerts')).toEqual([
			{ op: 'unsubscribe', id: 'alerts' },
			{ op: 'subscribe', id: 'alerts', alerts: '' },
		]);
		expect(active()).toEqual([]);
	});

	it('shows the last span up to the newest tick, also when the server’s clock is another', () => {
		socket().say(hello(), ...pulse(t0 + 1000));
		expect(session.window()).toEqual([t0 + 1000 - defaultRange.span, t0 + 1000]);
		reconnect();
		socket().say(hello('e', 10, t0 - 3_600_000)); // set back by an hour
		expect(session.window()[1]).toBe(t0 - 3_600_000);
	});

	it('follows a clock that is set back while it looks', () => {
		socket().say(hello(), ...pulse(t0));
		const back = t0 - 3_600_000;
		socket().say({ op: 'gap', sub: 1, from: back, to: t0, missed: 0, reason: 'clock' });
		socket().say({ op: 'samples', sub: 1, rev: 1, t: back, v: [1] });
		expect(session.window()).toEqual([back - defaultRange.span, back]);
		socket().say({ op: 'samples', sub: 1, rev: 1, t: back + 1000, v: [1] });
		expect(session.tick).toBe(back + 1000);
	});

	it('does not pass off as the present what is not sent any more', () => {
		const series = ['size', 'avail'].map((n) => ({ __name__: `node_filesystem_${n}_bytes`, mountpoint: '/' }));
		socket().say(hello(), ...pulse(t0));
		socket().say(
			{ op: 'subscribed', id: 'mounts', sub: 3, t: t0 },
			{ op: 'series', sub: 3, rev: 1, series },
			{ op: 'samples', sub: 3, rev: 1, t: t0, v: [100, 50] },
		);
		const load = session.sources.find((s) => s.panel.id === 'load') as (typeof session.sources)[0];
		load.live.put(t0, [head(0, { __name__: 'node_load1' })], [3]);
		const shown = () => facts(session.sources, null).find((f) => f.id === 'load')?.value;
		// The collector is switched off, or fails: its series have ended.
		for (let n = 1; n <= 24; n++) {
			vi.advanceTimersByTime(1000);
			socket().say({ op: 'samples', sub: 1, rev: 1, t: t0 + n * 1000, v: [1] });
			expect(session.mounts.get()?.length).toBe(n <= 23 ? 1 : 0);
			expect(shown()).toBe(n <= 21 ? '3.00' : '–');
		}
		load.live.put(t0 + 1000, [head(0, { __name__: 'node_load1' })], [4]); // it was only late
		expect(shown()).toBe('4.00');
		expect(load.live.holes()).toEqual([]);
	});

	it('zooms to at least ten seconds, and never into the future', () => {
		socket().say(hello(), ...pulse(t0));
		session.zoom(t0 - 500, t0 + 500);
		expect(session.view.get().still).toEqual({ from: t0 - 10_000, to: t0, zoomed: true });
		session.live();
		expect(session.view.get().still).toBeNull();
	});

	it('draws once for all the messages of a tick', () => {
		socket().say(hello());
		vi.advanceTimersByTime(100);
		let n = 0;
		session.frames.follow(() => n++);
		socket().say(...pulse(t0 + 1000), { op: 'samples', sub: 1, rev: 1, t: t0 + 1001, v: [1] });
		vi.advanceTimersByTime(100);
		expect(n).toBe(1);
	});
});

describe('keys', () => {
	it('do one thing each, and leave the others alone', () => {
		socket().say(hello(), ...pulse(t0));
		for (const [i, range] of ranges.entries()) {
			expect(act(session, String(i + 1))).toBe(true);
			expect(session.view.get().range).toBe(range);
		}
		for (const key of ['9', '0', 'x', 'Enter', 'Tab', ' ']) expect(act(session, key)).toBe(false);
		act(session, 'p');
		expect(session.view.get().still?.zoomed).toBe(false);
		act(session, 'Escape');
		expect(session.view.get().still).toBeNull();
	});
});

describe('the badge', () => {
	it('says how things are', () => {
		expect(words({ phase: 'connecting' }, 1000, 0)).toEqual({ word: 'Connecting', detail: '' });
		expect(words({ phase: 'live' }, 2000, 0)).toEqual({ word: 'Live', detail: 'every 2 s' });
		expect(words({ phase: 'stale', since: 4400 }, 1000, 0).detail).toContain('no tick for 4 s');
		const lost = { phase: 'reconnecting', at: 5000, reason: 'the server went silent' } as const;
		expect(words(lost, 1000, 2500).detail).toBe('the server went silent; again in 3 s');
		expect(words(lost, 1000, 9000).detail).toContain('again in 0 s');
	});
});
