import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { becomes, launch, open, type Watched } from './browser';
import { drawn, isHole, newest, rows } from './charts';
import { Daemon } from './daemon';
import { until } from './until';

let browser: Browser;
let daemon: Daemon;
let watched: Watched;
let page: Page;

beforeAll(async () => {
	[daemon, browser] = await Promise.all([Daemon.start(), launch()]);
	await until('twenty ticks', async () => (await daemon.ticks()).length >= 20);
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
});
beforeEach(async () => {
	watched = await open(browser, daemon.url);
	page = watched.page;
	await becomes(page, 'live');
	await until('twenty rows', async () => (await rows(page, 'load', 20)).length >= 20);
});
afterEach(async () => {
	expect(watched.faults).toEqual([]);
	await watched.close();
});

const pressed = (name: string) => page.getByRole('button', { name, exact: true }).getAttribute('aria-pressed');
const still = () => page.locator('.still').count();
const hash = () => new URL(page.url()).hash;
const stretch = () => {
	const q = new URLSearchParams(hash().slice(1));
	return { from: Number(q.get('from')), to: Number(q.get('to')) };
};
const span = () => stretch().to - stretch().from;

async function drag(panel: string, from: number, to: number): Promise<void> {
	const over = page.locator(`#panel-${panel} .u-over`);
	await over.scrollIntoViewIfNeeded();
	const box = await over.boundingBox();
	if (!box) throw new Error(`${panel} cannot be seen`);
	const y = box.y + box.height / 2;
	await page.mouse.move(box.x + box.width * from, y);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * ((from + to) / 2), y, { steps: 4 });
	await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
	await page.mouse.up();
}

describe('time', () => {
	it('is zoomed by dragging over a chart, for all charts', async () => {
		const before = Date.now();
		await drag('load', 0.8, 0.95);
		const after = Date.now();
		await until('it stands still', still);
		await until('the address says so', span);
		expect(Math.abs(span() - 0.15 * 300_000)).toBeLessThan(3000);
		// Where the right edge was meanwhile: at the newest tick, which is a few seconds old at most.
		expect(stretch().to).toBeGreaterThan(before - 0.05 * 300_000 - 5000);
		expect(stretch().to).toBeLessThan(after - 0.05 * 300_000 + 5000);
		const { from, to } = stretch();
		for (const panel of ['load', 'memory', 'cpu']) {
			const last = await until(
				`${panel} shows the stretch`,
				() => newest(page, panel),
				(r) => r !== undefined && r.t <= to + 2000,
			);
			expect(last?.t).toBeGreaterThan(from);
		}
		await until('5m is shown as it is', async () => (await pressed('5m')) === 'false');
		const link = page.url();
		await page.keyboard.press('Escape');
		await until('live again', async () => (await still()) === 0);
		await until('the address follows', () => hash() === '');
		const { page: other, close } = await open(browser, link);
		await until('the link leads there', () => other.locator('.still').count());
		expect(new URL(other.url()).hash).toBe(new URL(link).hash);
		await close();
	});

	it('is not zoomed by a click', async () => {
		await page.locator('#panel-load .u-over').click();
		await drag('memory', 0.5, 0.501);
		expect(await still()).toBe(0);
	});

	it('pauses, and goes on without a hole', async () => {
		await page.getByRole('button', { name: 'Pause' }).click();
		await page.locator('.still').waitFor();
		await drawn(page);
		const held = await newest(page, 'load');
		const t = held?.t ?? 0;
		await until('time goes on', async () => Math.max(...(await daemon.ticks())) >= t + 3000);
		expect(await newest(page, 'load')).toEqual(held);
		await becomes(page, 'live');
		await page.getByRole('button', { name: 'Go live' }).click();
		await until('the charts go on', async () => ((await newest(page, 'load'))?.t ?? 0) >= t + 3000);
		const stored = (await daemon.ticks()).filter((at) => at >= t && at <= t + 3000);
		const shown = (await rows(page, 'load', 60))
			.filter((r) => !isHole(r) && r.t >= t && r.t <= t + 3000)
			.map((r) => r.t);
		expect(shown).toEqual(stored);
	});

	it('has ranges, by button and by key', async () => {
		await until('5m is shown as it is', async () => (await pressed('5m')) === 'true');
		await page.getByRole('button', { name: '15m', exact: true }).click();
		await until('15m is shown as it is', async () => (await pressed('15m')) === 'true');
		await until('the address follows', () => hash() === '#range=15m');
		const coarse = await until(
			'rows of 3 s',
			() => rows(page, 'load', 4),
			(r) => r.length >= 4 && r.every(({ t }) => t % 3000 === 0),
		);
		const last = coarse.at(-1)?.t ?? 0;
		await until('they go on', async () => ((await newest(page, 'load'))?.t ?? 0) > last);
		for (const [key, name] of [
			['3', '1h'],
			['4', '6h'],
			['5', '24h'],
			['1', '5m'],
		] as const) {
			await page.keyboard.press(key);
			await until(`${name} is chosen`, async () => (await pressed(name)) === 'true');
		}
		await until('the address follows', () => hash() === '');
		await until(
			'rows of 1 s',
			() => rows(page, 'load', 20),
			(r) => r.length >= 20,
		);
	});

	it('obeys the keys', async () => {
		await page.keyboard.press('p');
		await until('paused', still);
		await page.keyboard.press('p');
		await until('live', async () => (await still()) === 0);
		await page.keyboard.press('+');
		await until('half as long', () => Math.abs(span() - 150_000) < 5);
		const { from } = stretch();
		await page.keyboard.press('[');
		await until('earlier', () => Math.abs(stretch().from - (from - 75_000)) < 5);
		await page.keyboard.press(']');
		await until('later', () => Math.abs(stretch().from - from) < 5);
		await page.keyboard.press('-');
		await until('twice as long', () => Math.abs(span() - 300_000) < 5);
		await page.keyboard.press('Escape');
		await until('live', async () => (await still()) === 0);
		await page.keyboard.press('Control+1');
		await page.keyboard.press('Alt+p');
		expect(await still()).toBe(0);
	});
});

describe('a legend', () => {
	it('hides a line, and shows one alone', async () => {
		const line = (name: string) => page.locator('#panel-load .legend button', { hasText: name });
		const all = async () =>
			Promise.all(['1 min', '5 min', '15 min'].map((n) => line(n).first().getAttribute('aria-pressed')));
		await line('15 min').click();
		await until('hidden', async () => (await all())[2] === 'false');
		await line('15 min').click();
		await until('shown', async () => (await all())[2] === 'true');
		await line('1 min')
			.first()
			.click({ modifiers: ['Shift'] });
		await until('alone', async () => (await all()).join() === 'true,false,false');
	});
});

describe('colours', () => {
	it('are chosen, change the page, and are remembered', async () => {
		const theme = () => page.evaluate(() => document.documentElement.dataset.theme ?? 'auto');
		const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
		expect(await theme()).toBe('auto');
		await page.getByRole('button', { name: /^Colours/ }).click();
		expect(await theme()).toBe('dark');
		const dark = await back();
		await page.keyboard.press('t');
		expect(await theme()).toBe('light');
		expect(await back()).not.toBe(dark);
		await page.reload();
		await becomes(page, 'live');
		expect(await theme()).toBe('light');
		expect(await page.getByRole('button', { name: 'Colours: light' }).count()).toBe(1);
		await page.keyboard.press('t');
		expect(await theme()).toBe('auto');
	});

	it('follow the system where none is chosen', async () => {
		const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
		await page.emulateMedia({ colorScheme: 'light' });
		const light = await back();
		await page.emulateMedia({ colorScheme: 'dark' });
		expect(await back()).not.toBe(light);
	});
});

describe('a narrow window', () => {
	it.each([390, 320])('of %i pixels needs no sideways scrolling', async (width) => {
		await page.setViewportSize({ width, height: 844 });
		const over = () =>
			page.evaluate(() => {
				const wide = document.documentElement.clientWidth;
				const out = [...document.querySelectorAll('#page *')].filter((e) => {
					const inside = e.closest('.scroll, .u-wrap, .about, .times');
					return (!inside || inside === e) && e.getBoundingClientRect().right > wide + 1;
				});
				return {
					by: (document.scrollingElement?.scrollWidth ?? 0) - wide,
					out: out.map((e) => e.className || e.tagName),
				};
			});
		await until('it fits', over, (o) => o.by <= 0 && o.out.length === 0);
		await until(
			'charts are as narrow',
			() => page.locator('#panel-load canvas').evaluate((c) => c.clientWidth),
			(w) => w > 150 && w < width,
		);
	});
});
