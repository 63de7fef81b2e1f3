import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { becomes, launch, open, phase, type Watched } from './browser';
import { drawn, isHole, type Row, rows } from './charts';
import { Cut } from './cut';
import { Daemon } from './daemon';
import { until } from './until';

let browser: Browser;
let daemon: Daemon;
let watched: Watched;
let page: Page;

beforeAll(async () => {
	browser = await launch();
});
afterAll(() => browser?.close());

async function begin(url: string): Promise<void> {
	watched = await open(browser, url);
	page = watched.page;
	await is('live');
	await until('eight rows', async () => (await filled('load')).length >= 8);
}

beforeEach(async () => {
	daemon = await Daemon.start();
});
afterEach(async () => {
	await watched?.close();
	await daemon?.end();
});

const is = (wanted: string, within?: number) => becomes(page, wanted, within);
const says = (wanted: RegExp) =>
	until(
		`badge says ${wanted}`,
		() => page.locator('.badge').textContent(),
		(text) => wanted.test(text ?? ''),
	);
const filled = async (panel: string) => (await rows(page, panel, 200)).filter((r) => !isHole(r));
const passed = (ms: number) => {
	const end = Date.now() + ms;
	return until(`${ms} ms pass`, () => Date.now() >= end);
};

/** Times of the filled rows of a chart from `from` on, and those of the stored ticks, up to the chart's newest. */
async function both(panel: string, from: number): Promise<{ shown: number[]; stored: number[] }> {
	const shown = (await filled(panel)).map((r) => r.t).filter((t) => t >= from);
	const newest = shown.at(-1) ?? 0;
	const stored = (await daemon.ticks()).filter((t) => t >= from && t <= newest);
	return { shown, stored };
}

function holeBetween(all: Row[], before: number, after: number): boolean {
	return all.some((r) => isHole(r) && r.t > before && r.t < after);
}

describe('a daemon that is killed', () => {
	it('is reported, awaited, and leaves a hole of its downtime and nothing else', async () => {
		await begin(daemon.url);
		const before = (await filled('load')).map((r) => r.t);
		const first = before[0] ?? 0;
		await daemon.kill('SIGKILL');
		await says(/Reconnecting.*again in \d+ s/); // so it says between two attempts
		expect((await filled('load')).map((r) => r.t).slice(0, before.length)).toEqual(before); // what was there stays
		await passed(5000);
		expect(await phase(page)).not.toBe('live');
		const dead = Math.max(...(await filled('load')).map((r) => r.t));
		await daemon.run();
		await is('live');
		await until('rows after the hole', async () => (await filled('load')).some((r) => r.t > dead + 5000));

		let died = 0; // the last tick before, and the first after: the page need not have seen the last when it was killed
		let back = 0;
		for (const panel of ['load', 'memory']) {
			const { stored } = await until(
				`${panel} has every stored tick`,
				() => both(panel, first),
				({ shown, stored }) => shown.join() === stored.join(),
			);
			expect(stored.length).toBeGreaterThan(before.length);
			back = stored.find((t, i) => i > 0 && t - (stored[i - 1] ?? t) >= 5000) ?? 0;
			died = stored[stored.indexOf(back) - 1] ?? 0;
			expect(died).toBeGreaterThan(0);
			expect(holeBetween(await rows(page, panel, 200), died, back)).toBe(true);
		}

		// A page that was not there sees the same from the history.
		const other = await open(browser, daemon.url);
		await becomes(other.page, 'live');
		const same = await until(
			'the other page has rows',
			async () => await rows(other.page, 'load', 200),
			(r) => r.length > before.length,
		);
		expect(holeBetween(same, died, back)).toBe(true);
		expect(same.filter((r) => !isHole(r) && r.t > died && r.t < back)).toEqual([]);
		await other.close();

		const expected = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED|Failed to load resource/;
		expect(watched.faults.filter((f) => !expected.test(f))).toEqual([]);
	});
});

describe('a daemon that hangs', () => {
	it('is called stale, then given up, and is live when it goes on', async () => {
		await begin(daemon.url);
		const last = (await filled('load')).at(-1)?.t ?? 0;
		daemon.signal('SIGSTOP');
		await says(/no tick for \d+ s/);
		await until(
			'nobody waits for ever',
			() => phase(page),
			(p) => p === 'reconnecting' || p === 'connecting',
			60_000,
		);
		daemon.signal('SIGCONT');
		await is('live', 60_000);
		await until('rows go on', async () => ((await filled('load')).at(-1)?.t ?? 0) > last + 10_000);
		const { shown, stored } = await until(
			'every stored tick',
			() => both('load', last),
			({ shown, stored }) => shown.join() === stored.join(),
		);
		expect(shown.length).toBe(stored.length);
		const all = await rows(page, 'load', 200);
		expect(all.some((r) => isHole(r) && r.t > last)).toBe(true);
	});
});

describe('a daemon that halts for a moment', () => {
	it('is called stale and then live, on the same connection', async () => {
		await begin(daemon.url);
		const last = (await filled('load')).at(-1)?.t ?? 0;
		let sockets = 0;
		page.on('websocket', () => sockets++);
		daemon.signal('SIGSTOP');
		await is('stale');
		daemon.signal('SIGCONT');
		await is('live');
		expect(sockets).toBe(0);
		await until('rows go on', async () => ((await filled('load')).at(-1)?.t ?? 0) > last + 6000);
		await until(
			'every stored tick',
			() => both('load', last),
			({ shown, stored }) => shown.join() === stored.join(),
		);
	});
});

describe('a network that is cut', () => {
	it('leaves nothing out: what was missed is filled in', async () => {
		const wire = await Cut.before(daemon.url);
		try {
			await begin(wire.url);
			wire.cut();
			await watched.page.context().setOffline(true);
			await is('reconnecting');
			await drawn(page);
			const cut = (await filled('load')).at(-1)?.t ?? 0;
			const during = await until(
				'five ticks that the page does not see',
				async () => (await daemon.ticks()).filter((t) => t > cut),
				(ticks) => ticks.length >= 5,
			);
			expect((await filled('load')).at(-1)?.t).toBe(cut);
			wire.mend();
			await watched.page.context().setOffline(false);
			await is('live');
			for (const panel of ['load', 'memory', 'cpu']) {
				const { shown } = await until(
					`${panel} has every tick`,
					() => both(panel, cut),
					({ shown, stored }) => (shown.at(-1) ?? 0) > (during.at(-1) as number) && shown.join() === stored.join(),
				);
				expect(shown).toEqual(expect.arrayContaining(during));
			}
		} finally {
			await wire.end();
		}
	});
});
