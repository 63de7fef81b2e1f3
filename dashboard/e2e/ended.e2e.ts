import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomes, launch, open, titled, type Watched } from './browser';
import { Daemon } from './daemon';
import { until } from './until';

// It fires for four seconds of every eight.
const config = `[[alerts.rules]]
name = "Blinks"
expr = "vector(time()) % 8 < 4"
severity = "warning"
annotations = { summary = "on" }
`;

let daemon: Daemon;
let browser: Browser;
let watched: Watched;

beforeAll(async () => {
	[daemon, browser] = await Promise.all([Daemon.start(config), launch()]);
	watched = await open(browser, daemon.url);
	await becomes(watched.page, 'live');
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
});

describe('an alert', () => {
	it('appears and goes as it happens, and is remembered as ended', async () => {
		const { page } = watched;
		const status = page.locator('#alerts header p');
		const icon = () => page.locator('link[rel=icon]').getAttribute('href');
		const says = (text: string) =>
			until(
				text,
				() => status.textContent(),
				(s) => s === text,
			);
		await says('1 firing');
		await until('the icon warns', icon, (href) => href === './favicon-firing.svg');
		await says('None is pending or firing');
		await until('the icon is calm', icon, (href) => href === './favicon.svg');
		await titled(page, /^[^(]/);
		const ended = page.locator('#alerts details');
		await ended.locator('summary').click();
		expect(await ended.locator('.alert .state').first().textContent()).toBe('resolved');
		expect(await ended.locator('.alert .summary').first().textContent()).toBe('on');
		await says('1 firing');
		expect(watched.faults).toEqual([]);
	});
});
