import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Panel } from '../panels/panel';
import type { Range } from '../ranges';
import type { ClientMessage, Hello, Labels } from '../stream/messages';
import { Follower } from './follower';
import { Past } from './past';
import { Source } from './source';

const panel: Panel = {
	id: 'p',
	title: '',
	note: '',
	unit: 'number',
	kind: 'lines',
	queries: () => ['x'],
	lines: () => [],
	least: 0,
	absent: '',
};
const range: Range = { name: 'r', title: '', span: 10_000, step: 1000 };
const coarse: Range = { ...range, span: 50_000, step: 5000 };
const labels: Labels = { n: '1' };
const hello = (t: number, interval = 1000): Hello => ({
	op: 'hello',
	version: '',
	instance: '',
	epoch: '',
	interval,
	t,
	seq: 0,
});

let ticks: number[]; // those that are stored
let broken: boolean;
let asked: string[];
let sent: ClientMessage[];
let source: Source;
let follower: Follower;

/** A history like the daemon's: a range query repeats the last value over short holes. */
async function history(url: URL): Promise<Response> {
	const q = url.searchParams;
	const [start, end, step] = ['start', 'end', 'step'].map((k) => Number(q.get(k)) * 1000) as [number, number, number];
	asked.push(`${q.get('query')} ${start}..${end}/${step}`);
	if (broken) return new Response('{"status":"error","error":"no disk"}', { status: 503 });
	const isTime = q.get('query') !== 'x';
	const values: [number, string][] = [];
	for (let t = start; t <= end; t += step) {
		const at = ticks.filter((s) => s <= t).at(-1);
		if (at !== undefined) values.push([t / 1000, String(isTime ? at / 1000 : at)]);
	}
	const result = values.length ? [{ metric: isTime ? {} : labels, values }] : [];
	return Response.json({ status: 'success', data: { result } });
}

const settled = async () => {
	for (let n = 0; n < 50; n++) await Promise.resolve();
	await new Promise((done) => setImmediate(done));
	await new Promise((done) => setImmediate(done));
};
const values = () => [...source.live.columns.values()][0]?.values;
const subscribed = () => sent.filter((m) => m.op === 'subscribe');
const id = () => subscribed().at(-1)?.id ?? '';
const row = (t: number) => follower.take({ kind: 'row', id: id(), t, values: [t] });
const columns = () => follower.take({ kind: 'columns', id: id(), series: [labels] });

beforeEach(() => {
	vi.stubGlobal('document', { baseURI: 'http://host/' });
	vi.stubGlobal('fetch', history);
	ticks = [1000, 2000, 3000, 4000, 5000];
	broken = false;
	asked = [];
	sent = [];
	source = new Source(panel);
	follower = new Follower(
		[source],
		(m) => {
			sent.push(m);
			return true;
		},
		() => {},
		range,
	);
});
afterEach(() => {
	vi.unstubAllGlobals();
});

describe('Follower', () => {
	it('takes the history and then the stream, without hole or overlap', async () => {
		follower.resume(hello(5000));
		expect(source.note.get().loading).toBe(true);
		await settled();
		expect(source.note.get().loading).toBe(false);
		expect(subscribed()).toEqual([{ op: 'subscribe', id: id(), query: 'x', from: 5000 }]);
		columns();
		for (const t of [5000, 6000, 7000]) row(t);
		expect(source.live.times).toEqual([1000, 2000, 3000, 4000, 5000, 6000, 7000]);
		expect(values()).toEqual([1000, 2000, 3000, 4000, 5000, 6000, 7000]);
		expect(source.live.holes()).toEqual([]);
	});

	it('shows a hole of the history as one, though a range query fills it', async () => {
		ticks = [1000, 2000, 6000, 7000];
		follower.resume(hello(7000));
		await settled();
		expect(source.live.times).toEqual([1000, 2000, 3000, 6000, 7000]);
		expect(values()).toEqual([1000, 2000, null, 6000, 7000]);
	});

	it('goes on after a reconnect where it stopped', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		row(6000);
		const first = id();
		asked = [];
		follower.resume(hello(9000));
		expect(asked).toEqual([]);
		expect(subscribed().at(-1)).toEqual({ op: 'subscribe', id: first, query: 'x', from: 6000 });
		columns();
		for (const t of [6000, 7000, 8000, 9000]) row(t);
		expect(source.live.holes()).toEqual([]);
		expect(source.live.times.length).toBe(9);
	});

	it('shows downtime as a hole, and what was before it stays', async () => {
		follower.resume(hello(5000));
		await settled();
		follower.resume(hello(10_000));
		columns();
		row(5000);
		follower.take({ kind: 'hole', id: id(), from: 6000, to: 9000, reason: 'down' });
		row(10_000);
		expect(values()).toEqual([1000, 2000, 3000, 4000, 5000, null, 10_000]);
		expect(source.live.holes()).toEqual([{ from: 5000, to: 10_000 }]);
		expect(asked.length).toBe(2); // the downtime is not asked for: nothing was taken
	});

	it('asks the history for what it was too slow for', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		row(5000);
		ticks = [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000];
		follower.take({ kind: 'hole', id: id(), from: 6000, to: 8000, reason: 'slow' });
		row(9000);
		expect(source.live.holes().length).toBe(1);
		await settled();
		expect(asked.at(-1)).toContain('6000..8000/1000');
		expect(source.live.holes()).toEqual([]);
		expect(values()).toEqual(ticks);
	});

	it('begins anew when it was away for longer than it shows', async () => {
		follower.resume(hello(5000));
		await settled();
		const first = id();
		follower.resume(hello(60_000));
		await settled();
		expect(sent).toContainEqual({ op: 'unsubscribe', id: first });
		expect(id()).not.toBe(first);
		expect(asked.at(-1)).toContain('50000..60000/1000');
	});

	it('begins anew when the clock was set back while it was away', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		row(6000);
		follower.resume(hello(3000)); // from 6000 on nothing would come for three seconds, or for hours
		await settled();
		expect(asked.at(-1)).toContain('..3000/1000');
		expect(subscribed().at(-1)).toMatchObject({ from: 3000 });
	});

	it('begins anew when the daemon samples at another interval', async () => {
		follower.resume(hello(5000));
		await settled();
		follower.resume(hello(6000, 2000));
		await settled();
		expect(asked.at(-1)).toContain('/2000');
	});

	it('asks the stream for everything where the history does not answer', async () => {
		broken = true;
		follower.resume(hello(15_000));
		await settled();
		expect(source.note.get()).toMatchObject({ loading: false, history: 'no disk' });
		expect(subscribed()).toMatchObject([{ from: 5000 }]);
	});

	it('hears no more of a range that was left', async () => {
		follower.resume(hello(5000));
		await settled();
		const first = id();
		columns();
		follower.start(coarse, 1000, 50_000);
		await settled();
		expect(subscribed().at(-1)).toMatchObject({ every: '5s', from: 50_000 });
		const before = source.live.times.slice();
		expect(follower.take({ kind: 'row', id: first, t: 51_000, values: [1] })).toBe(false);
		expect(source.live.times).toEqual(before);
	});

	it('does not let a slow answer into a range chosen since', async () => {
		let answer: (r: Response) => void = () => {};
		vi.stubGlobal('fetch', () => new Promise<Response>((done) => (answer = done)));
		follower.start(range, 1000, 5000);
		vi.stubGlobal('fetch', history);
		follower.start(coarse, 1000, 50_000);
		await settled();
		const n = subscribed().length;
		answer(Response.json({ status: 'success', data: { result: [] } }));
		await settled();
		expect(subscribed().length).toBe(n);
	});

	it('subscribes anew when columns and rows do not fit', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		row(6000);
		const last = id();
		follower.take({ kind: 'resync', id: last });
		expect(sent.slice(-2)).toEqual([
			{ op: 'unsubscribe', id: last },
			{ op: 'subscribe', id: last, query: 'x', from: 6000 },
		]);
	});

	it('says what is refused or fails, until a row comes', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		follower.take({ kind: 'failed', id: id(), message: 'too many samples' });
		expect(source.note.get().stream).toBe('too many samples');
		row(6000);
		expect(source.note.get().stream).toBeNull();
		follower.take({ kind: 'refused', id: id(), code: 'too_many', message: 'enough' });
		expect(source.note.get().stream).toBe('enough');
	});

	it('forgets what no chart shows any more', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		for (let t = 6000; t <= 200_000; t += 1000) row(t);
		expect(source.live.times[0]).toBeGreaterThan(100_000);
		expect(source.live.times.length).toBeLessThan(100);
	});

	it('leaves what is not about a chart to others', () => {
		expect(follower.take({ kind: 'pong', sent: 1, now: 1 })).toBe(false);
		expect(follower.take({ kind: 'row', id: 'pulse', t: 1, values: [1] })).toBe(false);
	});
});

describe('Past', () => {
	it('holds what is shown while the live table goes on', async () => {
		follower.resume(hello(5000));
		await settled();
		columns();
		const past = new Past([source], () => {});
		past.freeze();
		row(6000);
		expect(source.table.last).toBe(5000);
		past.leave();
		expect(source.table.last).toBe(6000);
	});

	it('shows what it has until the finer points are here', async () => {
		follower.resume(hello(5000));
		await settled();
		const past = new Past([source], () => {});
		const shown = source.live.times.slice();
		past.load(2000, 4000, 1000);
		expect(source.table.times).toEqual(shown);
		expect(source.note.get().loading).toBe(true);
		await settled();
		expect(source.table.times).toEqual([2000, 3000, 4000]);
		past.leave();
		expect(source.table).toBe(source.live);
	});

	it('keeps what it has where the history does not answer', async () => {
		follower.resume(hello(5000));
		await settled();
		broken = true;
		const past = new Past([source], () => {});
		past.load(2000, 4000, 1000);
		await settled();
		expect(source.table.times).toEqual([1000, 2000, 3000, 4000, 5000]);
		expect(source.note.get().history).toBe('no disk');
	});

	it('is not overwritten by an answer to a stretch left since', async () => {
		follower.resume(hello(5000));
		await settled();
		const past = new Past([source], () => {});
		past.load(2000, 3000, 1000);
		past.load(4000, 5000, 1000);
		await settled();
		expect(source.table.times).toEqual([4000, 5000]);
	});
});
