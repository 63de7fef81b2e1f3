import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launch, open, type Watched } from './browser';
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
beforeEach(async () => {
	daemon = await Daemon.start();
	watched = await open(browser, new URL('healthz', daemon.url).href); // a page of the same origin that streams nothing
	page = watched.page;
});
afterEach(async () => {
	await watched?.close();
	await daemon?.end();
});

interface Seen {
	times: number[]; // of the samples
	gaps: { from: number; to: number; reason: string }[];
	opened: number;
	named: number; // events with another name than message
	id: string;
}

/** Follows a path with the browser's own EventSource, which comes back by itself. */
function follow(path: string): Promise<void> {
	return page.evaluate((url) => {
		const seen: Seen = { times: [], gaps: [], opened: 0, named: 0, id: '' };
		const source = new EventSource(url);
		source.onopen = () => {
			seen.opened++;
		};
		source.onmessage = (event) => {
			const message = JSON.parse(event.data);
			if (message.op === 'samples') seen.times.push(message.t);
			if (message.op === 'gap') seen.gaps.push(message);
			if (event.type !== 'message') seen.named++;
			seen.id = event.lastEventId;
		};
		Object.assign(window, { seen, source });
	}, path);
}

const seen = () => page.evaluate(() => (window as unknown as { seen: Seen }).seen);
const more = async (n: number) => {
	const had = (await seen()).times.length;
	return until(`${n} more samples`, seen, (s) => s.times.length >= had + n, 60_000);
};

for (const how of ['SIGKILL', 'SIGTERM'] as const) {
	it(`EventSource goes on where it was when the daemon ends by ${how}`, async () => {
		await follow('/api/v1/stream?samples=node_load1&alerts=');
		await more(4);
		await daemon.kill(how);
		await daemon.run();
		const { times, gaps, opened, named, id } = await more(4);
		expect(opened).toBeGreaterThanOrEqual(2);
		expect(named).toBe(0);
		expect(id).toMatch(/^[\w-]+$/);

		const stored = (await daemon.ticks()).filter((t) => t >= (times[0] ?? 0) && t <= (times.at(-1) ?? 0));
		expect(times.filter((t, i) => times.indexOf(t) === i)).toEqual(stored); // all there are, in order
		expect(times.length - stored.length).toBeLessThanOrEqual(1); // those of one tick may come again
		for (const gap of gaps) {
			expect(gap.reason).toBe('down');
			expect(stored.some((t) => t >= gap.from && t <= gap.to)).toBe(false);
		}
	});
}

it('EventSource gives up when the URL is wrong', async () => {
	const state = await page.evaluate(
		() =>
			new Promise<number>((done) => {
				const source = new EventSource('/api/v1/stream?query=sum(');
				source.onerror = () => done(source.readyState);
			}),
	);
	expect(state).toBe(2); // closed: it does not come back
});
