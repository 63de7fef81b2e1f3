import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomes, launch, open, titled, type Watched } from './browser';
import { Daemon } from './daemon';
import { until } from './until';

const image = '<img src=x onerror=alert(1)>';
const script = '</script><script>alert(2)</script>';
const drawing = '"><svg onload=alert(3)>';

const config = `instance = "${image}"
[[alerts.rules]]
name = "Up"
expr = "up == 1"
severity = "critical"
labels = { team = "ops", owner = '${image}' }
annotations = { summary = '${script} is up, {{ $value }} of it' }

[[alerts.rules]]
name = "Hostile"
expr = "up == 1"
labels = { severity = '${drawing}', note = 'javascript:alert(4)' }
annotations = { summary = '${drawing}' }

[[alerts.rules]]
name = "Later"
expr = "up == 1"
for = "1h"
severity = "info"

[[alerts.rules]]
name = "Never"
expr = "up == 0"
`;

let daemon: Daemon;
let browser: Browser;
let page: Watched;

beforeAll(async () => {
	[daemon, browser] = await Promise.all([Daemon.start(config), launch()]);
	page = await open(browser, daemon.url);
	await becomes(page.page, 'live');
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
});

const alert = (name: string) =>
	page.page.locator('#alerts .alert').filter({ has: page.page.locator('b', { hasText: name }) });

describe('the list of alerts', () => {
	it('has what fires and what is pending, and nothing else', async () => {
		await until(
			'three alerts',
			() => page.page.locator('#alerts .alert').count(),
			(n) => n === 3,
		);
		await until(
			'the count',
			() => page.page.locator('#alerts header p').textContent(),
			(text) => text === '2 firing, 1 pending',
		);
		expect(await page.page.locator('#alerts .alert .what b').allTextContents()).toEqual(['Up', 'Hostile', 'Later']);
		await titled(page.page, /^\(2\) /);
	});

	it('shows labels, severity, value and summary', async () => {
		const up = alert('Up');
		expect(await up.locator('.state').textContent()).toBe('firing');
		expect(await up.locator('.severity').textContent()).toBe('critical');
		expect(await up.locator('.value').textContent()).toBe('1');
		expect(await up.locator('.summary').textContent()).toBe(`${script} is up, 1 of it`);
		expect((await up.locator('code').allTextContents()).sort()).toEqual([`owner=${image}`, 'team=ops']);
		expect(await alert('Later').locator('.state').textContent()).toBe('pending');
	});

	it('shows for how long, and that grows', async () => {
		const time = () => alert('Up').locator('time').textContent();
		expect(await time()).toMatch(/^for (\d+m ?)?(\d+s)?$/);
		const before = await time();
		await until('time passes', time, (t) => t !== before);
	});

	it('shows hostile strings as text', async () => {
		expect(await page.page.locator('h1').textContent()).toBe(image);
		expect(await alert('Hostile').locator('.severity').textContent()).toBe(drawing);
		expect(await page.page.locator('#page img, #page script, #page svg:not(.mark, .evidence)').count()).toBe(0);
		expect(await page.page.locator('[onload], [onerror]').count()).toBe(0);
		expect(page.faults).toEqual([]);
		expect([...page.addresses]).toEqual([new URL(daemon.url).origin]);
	});
});
