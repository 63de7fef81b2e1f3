import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { becomes, launch, open } from './browser';
import { rows } from './charts';
import { Daemon } from './daemon';
import { until } from './until';

// Pictures of the page for people to look at; nothing is compared.

const folder = fileURLToPath(new URL('../../screenshots/', import.meta.url));

const config = `instance = "web1"
[[alerts.rules]]
name = "ProcessorIsBusy"
expr = 'sum by (instance) (rate(node_cpu_seconds_total{mode!="idle"}[3s])) >= 0'
for = "12s"
severity = "critical"
labels = { team = "ops" }
annotations = { summary = "The processors of {{ $labels.instance }} do something, and this rule says that they should not" }

[[alerts.rules]]
name = "LoadIsHigh"
expr = "node_load1 >= 0"
for = "10m"
severity = "warning"
annotations = { summary = "Load of {{ $labels.instance }} is {{ $value }}" }

[[alerts.rules]]
name = "BackupIsOld"
expr = "node_time_seconds % 60 >= 0"
severity = "info"
annotations = { summary = "The newest backup is from yesterday" }

[[alerts.silences]]
name = "always"
matchers = ['severity="info"']
comment = "can wait until the morning"
days = ["mon-sun"]
time_zone = "UTC"

[[alerts.silences]]
name = "move"
matchers = ['alertname=~".+"', 'mountpoint="/srv"']
comment = "the host moves to another rack"
start = "2098-12-24T18:00:00Z"
end = "2098-12-27T06:00:00Z"
`;

const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

let daemon: Daemon;
let browser: Browser;

beforeAll(async () => {
	[daemon, browser] = await Promise.all([Daemon.start(config), launch()]);
	await mkdir(folder, { recursive: true });
	await until('twenty ticks', async () => (await daemon.ticks()).length >= 20);
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
});

for (const size of ['wide', 'narrow'] as const) {
	for (const colorScheme of ['light', 'dark'] as const) {
		it(`${size}, ${colorScheme}`, async () => {
			const { page, faults, close } = await open(browser, daemon.url, { viewport: sizes[size], colorScheme });
			await becomes(page, 'live');
			await page.locator('#panel-load').scrollIntoViewIfNeeded(); // charts are drawn when they come into sight
			await until('twenty rows', async () => (await rows(page, 'load', 20)).length >= 20);
			await until(
				'three alerts',
				() => page.locator('#alerts > header p').textContent(),
				(text) => text === '1 firing, 1 pending, 1 silenced',
			);
			await page.evaluate(() => scrollTo(0, 0));
			await page.screenshot({ path: `${folder}${size}-${colorScheme}.png` });
			// All of them are in sight in a window as high as the page.
			const height = await page.evaluate(() => document.documentElement.scrollHeight);
			await page.setViewportSize({ width: sizes[size].width, height });
			await until(
				'the last chart is drawn',
				async () =>
					(await rows(page, 'pressure', 1)).length > 0 || (await page.locator('#panel-pressure .absent').count()) > 0,
			);
			await page.screenshot({ path: `${folder}${size}-${colorScheme}-whole.png` });
			await page.locator('.silences summary').click();
			await page.locator('.silence-it').first().click();
			await page.getByLabel('Why').fill('a new power supply');
			await page.locator('#alerts').screenshot({ path: `${folder}${size}-${colorScheme}-silence.png` });
			expect(faults).toEqual([]);
			await close();
		});
	}
}
