import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomes, launch, open, titled, type Watched } from './browser';
import { Daemon } from './daemon';
import { until } from './until';

const hostile = '<img src=x onerror=alert(1)>';

const config = `instance = "web1"
[[alerts.rules]]
name = "Up"
expr = "up == 1"
severity = "warning"
labels = { owner = '${hostile}' }
annotations = { summary = "it answers" }

[[alerts.rules]]
name = "Low"
expr = "up == 1"
severity = "info"

[[alerts.silences]]
name = "always"
matchers = ['severity="info"']
comment = '${hostile}'
days = ["mon-sun"]
`;

let daemon: Daemon;
let browser: Browser;
let watched: Watched;
let page: Page;

beforeAll(async () => {
	[daemon, browser] = await Promise.all([Daemon.start(config), launch()]);
	watched = await open(browser, daemon.url);
	page = watched.page;
	await becomes(page, 'live');
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
});

const row = (name: string) => page.locator('#alerts .alert').filter({ has: page.locator('b', { hasText: name }) });
const count = (wanted: string) =>
	until(
		wanted,
		() => page.locator('#alerts > header p').textContent(),
		(text) => text === wanted,
	);
const listed = () => page.locator('#alerts .silence').count();

describe('silences', () => {
	it('of the configuration are shown and cannot be ended here', async () => {
		await count('1 firing, 1 silenced');
		await until(
			'the mark says why',
			() => row('Low').locator('em.quiet').textContent(),
			(text) => text?.endsWith(`, always: ${hostile}`) ?? false,
		);
		await titled(page, /^\(1\) /);
		expect(await row('Low').locator('button').count()).toBe(0);
		await page.locator('#alerts .silences summary').click();
		expect(await listed()).toBe(1);
		expect(await page.locator('#alerts .silence .what').textContent()).toBe(`${hostile}always, in the configuration`);
		expect(await page.locator('#alerts .silence button').count()).toBe(0);
	});

	it('are made from an alert, by keys alone', async () => {
		await row('Up').locator('.silence-it').focus();
		await page.keyboard.press('Enter');
		const form = page.locator('.silence-form');
		expect(await form.locator('code').allTextContents()).toEqual([
			'alertname=Up',
			`owner=${hostile}`,
			'severity=warning',
			'instance=web1',
			'job=node',
		]);
		expect(await form.locator('input:checked + code').allTextContents()).toEqual([
			'alertname=Up',
			`owner=${hostile}`,
			'severity=warning',
		]);
		await page.keyboard.type('replacing the disk'); // the focus is there, and p does not pause
		expect(await page.locator('.pause').getAttribute('aria-pressed')).toBe('false');
		await page.keyboard.press('Tab');
		await page.keyboard.type('ann');
		await form.getByText('2 h').click();
		await page.keyboard.press('Enter');
		await count('2 silenced');
		const why = /^silenced until (\d+ [A-Z][a-z]+ )?\d\d:\d\d, (2h|1h 5\dm) left, ann: replacing the disk$/;
		await until(
			'the mark says why', // the list of silences is asked for when the stream has said that they have changed
			() => row('Up').locator('em.quiet').textContent(),
			(text) => why.test(text ?? ''),
		);
		expect(await form.count()).toBe(0);
		await titled(page, /^[^(]/);
	});

	it('are made longer and ended', async () => {
		const mine = page.locator('#alerts .silence').filter({ hasText: 'replacing the disk' });
		await mine.getByRole('button', { name: 'An hour more: replacing the disk' }).click();
		await until(
			'an hour more',
			() => mine.locator('time').textContent(),
			(text) => /(3h|2h 5\dm) left/.test(text ?? ''),
		);
		await mine.getByRole('button', { name: 'End now: replacing the disk' }).click();
		await count('1 firing, 1 silenced');
		await until('it is listed no more', async () => (await listed()) === 1);
	});

	it('are seen by a page that did not make them', async () => {
		const other = await open(browser, daemon.url);
		await becomes(other.page, 'live');
		const body = {
			matchers: [{ name: 'alertname', value: 'Up', isRegex: false }],
			startsAt: new Date().toISOString(),
			endsAt: new Date(Date.now() + 3_600_000).toISOString(),
			createdBy: 'amtool',
			comment: 'elsewhere',
		};
		const answer = await fetch(new URL('/api/v2/silences', daemon.url), {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify(body),
		});
		const { silenceID } = (await answer.json()) as { silenceID: string };
		await count('2 silenced');
		await until('both pages list it', async () => (await listed()) === 2);
		await until(
			'the other page says so, too',
			() => other.page.locator('#alerts > header p').textContent(),
			(text) => text === '2 silenced',
		);
		await fetch(new URL(`/api/v2/silence/${silenceID}`, daemon.url), { method: 'DELETE' });
		await count('1 firing, 1 silenced');
		expect(other.faults).toEqual([]);
		await other.close();
	});

	it('say what is wrong and who they are asked for', async () => {
		await row('Up').locator('.silence-it').click();
		const form = page.locator('.silence-form');
		expect(await form.getByLabel('Who').inputValue()).toBe('ann');
		for (const label of ['alertname=Up', 'owner=', 'severity=warning']) await form.getByLabel(label).uncheck();
		await form.getByLabel('Why').fill('x');
		await form.getByLabel('Why').press('Enter');
		expect(await form.locator('.fault').textContent()).toBe('Choose at least one label.');
		await form.getByLabel('alertname=Up').check();
		await form.getByLabel('Why').fill('  ');
		await form.getByLabel('Why').press('Enter');
		expect(await form.locator('.fault').textContent()).toBe('Say why, for those who will look at it.');
		await page.keyboard.press('Escape');
		expect(await form.count()).toBe(0);
		expect(
			await row('Up')
				.locator('.silence-it')
				.evaluate((e) => e === document.activeElement),
		).toBe(true);
		expect(await page.locator('#page img').count()).toBe(0);
		expect(watched.faults).toEqual([]);
	});
});
