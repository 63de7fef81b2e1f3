import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, type ServerMessage } from './messages';
import { initial, reduce, type StreamEvent, type StreamState } from './reducer';

function golden(name: string): ServerMessage {
	const m = parse(readFileSync(new URL(`../../../stream/wire/testdata/server_${name}.json`, import.meta.url), 'utf8'));
	if (!m) throw new Error(`${name} is no message`);
	return m;
}

function play(messages: (ServerMessage | string)[], from: StreamState = initial): [StreamState, StreamEvent[]] {
	let state = from;
	const all: StreamEvent[] = [];
	for (const m of messages) {
		const [next, events] = reduce(state, typeof m === 'string' ? golden(m) : m);
		state = next;
		all.push(...events);
	}
	return [state, all];
}

const [cpu] = play(['hello', 'subscribed', 'series']);
const [alerts] = play(['hello', 'subscribed_alerts']);

describe('reduce', () => {
	it('takes the beginning of a samples subscription', () => {
		const [state, events] = play(['hello', 'subscribed', 'series', 'samples']);
		expect(events.map((e) => e.kind)).toEqual(['hello', 'started', 'columns', 'row']);
		expect(events[1]).toEqual({ kind: 'started', id: 'cpu', seq: null });
		expect(events[2]).toMatchObject({ id: 'cpu', series: [{ cpu: '0', mode: 'user' }, { __name__: 'node_load1' }] });
		expect(events[3]).toEqual({ kind: 'row', id: 'cpu', t: 1763683200000, values: [12.5, null] });
		expect(state.hello).toMatchObject({ instance: 'web1', interval: 1000, seq: 1041 });
		expect(state.subs.get(3)).toEqual({ id: 'cpu', rev: 1, width: 2 });
	});

	it('draws nothing for numbers that are none', () => {
		const series = { op: 'series', sub: 3, rev: 7, series: Array.from({ length: 13 }, () => ({})) } as const;
		const [, events] = play([{ ...series, series: [...series.series] }, 'samples_special'], cpu);
		const row = events.at(-1);
		expect(row).toMatchObject({ kind: 'row', t: 1763683201000 });
		if (row?.kind !== 'row') return;
		expect(row.values.slice(0, 6)).toEqual([null, null, null, 0, -0, -3]);
		expect(row.values[6]).toBe(2 ** 53);
		expect(row.values.at(-1)).toBe(5e-324);
	});

	it.each([
		['another revision', { rev: 2, v: [1, 2] }],
		['too few values', { rev: 1, v: [1] }],
		['too many values', { rev: 1, v: [1, 2, 3] }],
	])('asks anew after a row of %s', (_, row) => {
		const [, events] = play([{ op: 'samples', sub: 3, t: 1, ...row }], cpu);
		expect(events).toEqual([{ kind: 'resync', id: 'cpu' }]);
	});

	it('asks anew after a row before its columns', () => {
		const [, events] = play(['hello', 'subscribed', 'samples']);
		expect(events.at(-1)).toEqual({ kind: 'resync', id: 'cpu' });
	});

	it('compares revisions for equality only', () => {
		const older = { op: 'series', sub: 3, rev: 0, series: [{ a: '1' }] } satisfies ServerMessage;
		const [, events] = play(['series', older, { op: 'samples', sub: 3, rev: 0, t: 9, v: [4] }], cpu);
		expect(events.at(-1)).toEqual({ kind: 'row', id: 'cpu', t: 9, values: [4] });
	});

	it('takes a gap of samples as a hole', () => {
		const [, events] = play(['gap'], cpu);
		expect(events).toEqual([{ kind: 'hole', id: 'cpu', from: 1763683201000, to: 1763683207000, reason: 'slow' }]);
	});

	it('takes a gap of alerts as a lost picture', () => {
		const [, events] = play(['gap_alerts'], alerts);
		expect(events).toEqual([{ kind: 'alertsLost', id: 'a', reason: 'expired' }]);
	});

	it('hands alerts on as they are', () => {
		for (const name of ['alert', 'alert_current', 'alert_resolved', 'alert_notified', 'alert_not_durable']) {
			const [, events] = play([name], alerts);
			expect(events).toEqual([{ kind: 'alert', id: 'a', message: golden(name) }]);
		}
	});

	it('says how far the alerts have come', () => {
		expect(play(['heartbeat_sub'], alerts)[1]).toEqual([{ kind: 'progress', id: 'a', seq: 1042 }]);
		expect(play(['heartbeat'], alerts)[1]).toEqual([]);
	});

	it('tells a refused request from a query that failed once', () => {
		expect(play(['error'], cpu)[1]).toMatchObject([{ kind: 'refused', id: 'cpu', code: 'bad_selector' }]);
		const [, events] = play([{ op: 'error', sub: 3, code: 'query_failed', message: 'too many samples' }], cpu);
		expect(events).toEqual([{ kind: 'failed', id: 'cpu', message: 'too many samples' }]);
		expect(play(['error_no_id'], cpu)[1]).toEqual([]);
	});

	it('forgets a subscription that ended, and hears no more of it', () => {
		const [state, events] = play(['unsubscribed', 'series', 'samples', 'gap'], cpu);
		expect(events).toEqual([{ kind: 'ended', id: 'cpu' }]);
		expect(state.subs.size).toBe(0);
	});

	it('hears nothing of subscriptions that are not its own', () => {
		expect(play(['alert', 'heartbeat_sub', 'error_sub', 'series_empty'], cpu)[1]).toEqual([]);
	});

	it('begins anew with every hello', () => {
		const [state] = play(['hello'], cpu);
		expect(state.subs.size).toBe(0);
	});

	it('leaves the state that it was given as it was', () => {
		const before = new Map(cpu.subs);
		play(['unsubscribed', 'hello', 'subscribed_alerts'], cpu);
		expect(cpu.subs).toEqual(before);
	});

	it('knows a pong', () => {
		expect(play(['pong'])[1]).toEqual([{ kind: 'pong', sent: 1763683200000, now: 1763683200003 }]);
	});
});
