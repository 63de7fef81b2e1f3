import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AlertMessage } from '../stream/messages';
import { type Book, empty, firing, fold, sorted, tally } from './book';

function golden(name: string): AlertMessage {
	const file = new URL(`../../../stream/wire/testdata/server_${name}.json`, import.meta.url);
	return JSON.parse(readFileSync(file, 'utf8')) as AlertMessage;
}

interface Of {
	seq?: number;
	name?: string;
	severity?: string;
	since?: string;
	current?: boolean;
	durable?: boolean;
	flapping?: boolean;
	stale?: boolean;
}

function event(kind: string, of: Of = {}): AlertMessage {
	const { seq = 1, name = 'A', severity, since = '2025-11-21T00:00:00Z', ...rest } = of;
	const labels = severity ? { alertname: name, severity } : { alertname: name };
	return {
		op: 'alert',
		sub: 5,
		seq,
		t: Date.parse('2025-11-21T01:00:00Z'),
		event: kind,
		...(rest.current ? { current: true } : {}),
		...(rest.durable === false ? { durable: false } : {}),
		alert: {
			fingerprint: name,
			state: kind,
			labels,
			annotations: { summary: `${name} happens` },
			value: 1,
			activeAt: since,
			startsAt: kind === 'firing' || kind === 'resolved' ? since : '0001-01-01T00:00:00Z',
			endsAt: kind === 'resolved' || kind === 'inactive' ? since : '0001-01-01T00:00:00Z',
			generatorURL: '',
			silencedBy: [],
			...(rest.flapping ? { flapping: true } : {}),
			...(rest.stale ? { stale: true } : {}),
		},
	};
}

const all = (events: AlertMessage[], from: Book = empty) => events.reduce(fold, from);
const names = (book: Book) => sorted(book).map((a) => a.name);

describe('fold', () => {
	it('follows an alert from pending to resolved', () => {
		const pending = all([event('pending', { seq: 1 })]);
		expect(sorted(pending)).toMatchObject([{ name: 'A', state: 'pending', seq: 1, summary: 'A happens' }]);
		expect(firing(pending)).toBe(0);
		const fires = all([event('firing', { seq: 2 })], pending);
		expect(sorted(fires)).toMatchObject([{ state: 'firing', seq: 2 }]);
		expect(firing(fires)).toBe(1);
		const ended = all([event('resolved', { seq: 3 })], fires);
		expect(ended.active.size).toBe(0);
		expect(ended.recent).toMatchObject([{ name: 'A', state: 'resolved' }]);
		expect(ended.seq).toBe(3);
	});

	it('takes a pending one that ended without firing out of the list', () => {
		const book = all([event('pending'), event('inactive', { seq: 2 })]);
		expect(book.active.size).toBe(0);
		expect(book.recent).toMatchObject([{ state: 'inactive' }]);
	});

	it('takes the word of the event for how an alert ended', () => {
		const m = event('resolved', { seq: 2 });
		m.alert.state = 'inactive'; // it is neither pending nor firing, for the server
		const book = all([event('firing'), m]);
		expect(book.recent).toMatchObject([{ state: 'resolved' }]);
		expect(book.active.size).toBe(0);
	});

	it('shows the picture of the present as any other event', () => {
		const book = all([
			event('firing', { seq: 40, current: true }),
			event('pending', { seq: 7, name: 'B', current: true }),
		]);
		expect(names(book)).toEqual(['A', 'B']);
		expect(book.seq).toBe(40);
	});

	it('may hear the same event twice', () => {
		const once = all([event('firing'), event('resolved', { seq: 2 })]);
		const twice = all([event('firing'), event('firing'), event('resolved', { seq: 2 }), event('resolved', { seq: 2 })]);
		expect(twice).toEqual(once);
	});

	it('does not go back to an older event', () => {
		const book = all([event('firing', { seq: 5 }), event('pending', { seq: 4 })]);
		expect(sorted(book)).toMatchObject([{ state: 'firing', seq: 5 }]);
	});

	it('leaves the book that it was given as it was', () => {
		const before = all([event('firing')]);
		fold(before, event('resolved', { seq: 2 }));
		expect(before.active.size).toBe(1);
		expect(before.recent).toEqual([]);
	});

	it('keeps a few of those that ended, the newest first', () => {
		const ended = Array.from({ length: 30 }, (_, n) => event('resolved', { seq: n + 1, name: `N${n}` }));
		const book = all(ended);
		expect(book.recent.length).toBe(20);
		expect(book.recent[0]?.name).toBe('N29');
	});

	it('reads the golden files', () => {
		const book = all([golden('alert')]);
		const [a] = sorted(book);
		expect(a).toMatchObject({
			name: 'DiskFull',
			severity: 'critical',
			summary: '/srv is full ☃\n<b>now</b>',
			value: 93.2,
			since: Date.parse('2025-11-21T00:00:00Z'),
			durable: true,
			delivery: null,
		});
		const told = all([golden('alert_notified')], book);
		expect(sorted(told)[0]?.delivery).toMatchObject({ hook: 'ops', ok: true });
		const failed = all([golden('alert_failed')], told);
		expect(sorted(failed)[0]?.delivery).toMatchObject({ ok: false, givenUp: true, error: 'exit status 1' });
		const ended = all([golden('alert_resolved')], failed);
		expect(ended.recent[0]).toMatchObject({
			value: Number.POSITIVE_INFINITY,
			since: Date.parse('2025-11-21T00:01:00.5Z'),
		});
		expect(ended.seq).toBe(1045);
	});

	it('marks what is not on disk yet, until it is', () => {
		const book = all([golden('alert_not_durable')]);
		expect(sorted(book)[0]).toMatchObject({ durable: false, seq: 0 });
		expect(sorted(all([golden('alert')], book))[0]).toMatchObject({ durable: true, seq: 1042 });
	});

	it('knows which silences an alert is under', () => {
		const silenced = all([golden('alert'), golden('alert_silenced')]);
		expect(sorted(silenced)).toMatchObject([{ state: 'firing', since: Date.parse('2025-11-21T00:00:00Z') }]);
		expect(sorted(silenced)[0]?.silencedBy).toEqual([
			'5ee65cbe-c5d4-4c75-8dd4-fb0ae3a2b6e6',
			'a1b0c3a8-29ce-5c5d-9d3e-60e3f35c2b8a',
		]);
		expect(sorted(all([golden('alert_unsilenced')], silenced))[0]?.silencedBy).toEqual([]);
	});

	it('marks one that comes and goes too often', () => {
		expect(sorted(all([event('firing', { flapping: true })]))[0]?.flapping).toBe(true);
		expect(sorted(all([event('firing')]))[0]?.flapping).toBe(false);
	});

	it('does not count what is silenced, and shows it last', () => {
		const silenced = event('firing', { name: 'S', severity: 'critical', seq: 3 });
		silenced.alert.silencedBy = ['x'];
		const book = all([event('pending', { name: 'P' }), event('firing', { name: 'F', seq: 2 }), silenced]);
		expect(tally(book)).toEqual({ firing: 1, pending: 1, silenced: 1 });
		expect(firing(book)).toBe(1);
		expect(names(book)).toEqual(['F', 'P', 'S']);
	});

	it('keeps how an alert came to fire for as long as it does', () => {
		const proven = golden('alert_evidence');
		const shown = (book: Book) => sorted(book)[0]?.evidence?.length;
		const fires = all([proven]);
		expect(shown(fires)).toBe(4);
		expect(shown(all([golden('alert_silenced')], fires))).toBe(4);
		const again = golden('alert_silenced');
		again.alert.startsAt = '2025-11-21T02:00:00Z';
		expect(shown(all([again], fires))).toBeUndefined();
	});

	it('marks one whose collector fails', () => {
		expect(sorted(all([event('firing', { stale: true })]))[0]?.stale).toBe(true);
	});

	it('has no use for a delivery of an alert that it does not know', () => {
		const book = all([golden('alert_notified')]);
		expect(book.active.size).toBe(0);
		expect(book.seq).toBe(1044);
	});

	it('takes the time of the event where the alert has none', () => {
		const m = event('firing');
		m.alert.startsAt = '0001-01-01T00:00:00Z';
		expect(sorted(all([m]))[0]?.since).toBe(m.t);
	});
});

describe('sorted', () => {
	it('puts firing before pending, the gravest first, then the newest', () => {
		const book = all([
			event('pending', { name: 'p-critical', severity: 'critical', seq: 1 }),
			event('firing', { name: 'f-none', seq: 2 }),
			event('firing', { name: 'f-info', severity: 'info', seq: 3 }),
			event('firing', { name: 'f-warning', severity: 'warning', seq: 4 }),
			event('firing', { name: 'f-critical-old', severity: 'critical', since: '2025-11-20T00:00:00Z', seq: 5 }),
			event('firing', { name: 'f-critical-new', severity: 'critical', since: '2025-11-21T00:00:00Z', seq: 6 }),
			event('firing', { name: 'f-own', severity: 'page-the-boss', seq: 7 }),
			event('pending', { name: 'p-info', severity: 'info', seq: 8 }),
		]);
		expect(names(book)).toEqual([
			'f-critical-new',
			'f-critical-old',
			'f-warning',
			'f-info',
			'f-none',
			'f-own',
			'p-critical',
			'p-info',
		]);
	});
});
