import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ceiling } from '../src/charts/scale';
import { format } from '../src/format';
import { panels } from '../src/panels/all';
import { becomes, launch, open, type Watched } from './browser';
import { colours, drawn, isHole, newest, rows } from './charts';
import { Daemon } from './daemon';
import { until } from './until';

let daemon: Daemon;
let browser: Browser;
let page: Watched;

beforeAll(async () => {
	[daemon, browser] = await Promise.all([Daemon.start('instance = "web1"\n'), launch()]);
	page = await open(browser, daemon.url);
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
});

const grid = { step: 1000, interval: 1000 };

/** Whether this machine has what a panel shows. */
async function has(id: string): Promise<boolean> {
	const panel = panels.find((p) => p.id === id);
	for (const q of panel?.queries(grid) ?? []) if ((await daemon.query(q)).length > 0) return true;
	return false;
}

describe('the page', () => {
	it('shows this machine live within seconds', async () => {
		await becomes(page.page, 'live');
		expect(await page.page.locator('h1').textContent()).toBe('web1');
		expect(await page.page.title()).toBe('web1 · monitord');
		await until(
			'a load',
			() => page.page.locator('.tile', { hasText: 'Load' }).locator('b').textContent(),
			(t) => /^\d/.test(t ?? ''),
		);
	});

	it.each(panels.map((p) => p.id))('draws %s, or says why not', async (id) => {
		const card = page.page.locator(`#panel-${id}`);
		await card.scrollIntoViewIfNeeded();
		await until(
			`${id} is drawn or absent`,
			async () =>
				(await colours(page.page, id)).pixels > 20 || ((await card.locator('.absent').count()) > 0 && !(await has(id))),
		);
		if ((await card.locator('.absent').count()) > 0) {
			expect(await card.locator('.absent').textContent()).toBe(panels.find((p) => p.id === id)?.absent);
			return;
		}
		const first = await until(`a row of ${id}`, () => newest(page.page, id));
		expect(Math.abs(Date.now() - (first?.t ?? 0))).toBeLessThan(30_000);
		await until(`${id} goes on`, async () => ((await newest(page.page, id))?.t ?? 0) > (first?.t ?? 0) + 1000);
	});

	it('draws to scale', async () => {
		await page.page.locator('#panel-load').scrollIntoViewIfNeeded();
		await until(
			'the highest point of the load is where its value says',
			async () => {
				const shown = await rows(page.page, 'load', 300);
				const most = Math.max(...shown.flatMap((r) => Object.values(r.values).map(Number).filter(Number.isFinite)));
				const expected = 1 - most / ceiling(most, 'number', 1);
				return { most, expected, seen: (await colours(page.page, 'load')).top };
			},
			({ expected, seen }) => Math.abs(expected - seen) < 0.05,
		);
	});

	it('lists the file systems of this machine', async () => {
		const card = page.page.locator('#panel-filesystems');
		await until(
			'every mount has its row, or none has and the page says why',
			async () => {
				const mounts = await daemon.query('node_filesystem_size_bytes > 0');
				return {
					there: mounts.map((m) => m.labels.mountpoint ?? '').sort(),
					shown: (await card.locator('tbody th .name').allTextContents()).sort(),
					absent: await card.locator('.absent').count(),
				};
			},
			({ there, shown, absent }) => shown.join('\n') === there.join('\n') && absent === (there.length ? 0 : 1),
		);
	});

	it('shows the same numbers as the API', async () => {
		// A tick that a busy machine has missed is a hole here, and has the value before it there.
		const filled = async (panel: string) => (await rows(page.page, panel, 60)).filter((r) => !isHole(r));
		await until('rows', async () => (await filled('load')).length >= 12);
		await page.page.keyboard.press('p');
		await page.page.locator('.still').waitFor();
		await drawn(page.page);
		const share = (mode: string) =>
			`100 * sum(irate(node_cpu_seconds_total{mode="${mode}"}[5s])) / scalar(sum(irate(node_cpu_seconds_total[5s])))`;
		const memory = (f: string) => `node_memory_${f}_bytes`;
		const said: [panel: string, name: string, expr: string, unit: 'number' | 'bytes' | 'percent'][] = [
			['load', '1 min', 'node_load1', 'number'],
			['load', '15 min', 'node_load15', 'number'],
			['memory', 'free', memory('MemFree'), 'bytes'],
			['memory', 'available', memory('MemAvailable'), 'bytes'],
			['cpu', 'user', share('user'), 'percent'],
			['cpu', 'system', share('system'), 'percent'],
		];
		for (const [panel, name, expr, unit] of said) {
			const last = (await filled(panel)).slice(-8);
			expect(last.length).toBe(8);
			for (const row of last) {
				const [answer] = await daemon.query(expr, row.t);
				expect(`${panel} ${name} at ${row.t}: ${row.values[name]}`).toBe(
					`${panel} ${name} at ${row.t}: ${format(answer?.v, unit)}`,
				);
			}
		}
		await page.page.keyboard.press('Escape');
		await page.page.locator('.still').waitFor({ state: 'detached' });
	});

	it('speaks to its own origin only, and offends no policy', () => {
		expect([...page.addresses]).toEqual([new URL(daemon.url).origin]);
		expect(page.faults).toEqual([]);
	});
});
