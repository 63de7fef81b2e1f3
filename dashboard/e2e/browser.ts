import { execFileSync } from 'node:child_process';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { until } from './until';

const flags = [
	'--headless',
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

function program(): string {
	const names = [process.env.CHROMIUM ?? '', 'chromium', 'chromium-browser', 'google-chrome'];
	for (const name of names.filter(Boolean)) {
		try {
			return execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();
		} catch {
			// the next one
		}
	}
	throw new Error('no Chromium: install the package chromium, or name the program in CHROMIUM');
}

export function launch(): Promise<Browser> {
	return chromium.launch({ executablePath: program(), args: flags, timeout: 80_000 }); // cold, on a busy machine
}

/** What a page must not do, collected while it is open. */
export interface Watched {
	readonly page: Page;
	readonly faults: string[]; // dialogs, exceptions, errors and warnings of the console, refusals by the policy
	readonly addresses: Set<string>; // the origins of everything that it asked for
	close(): Promise<void>;
}

export async function open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
	const context = await browser.newContext({
		viewport: { width: 1440, height: 900 },
		timezoneId: 'UTC',
		locale: 'en-GB',
		...options,
	});
	await context.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', (e) => {
			console.error(`policy: ${e.violatedDirective} refused ${e.blockedURI}`);
		});
	});
	context.setDefaultTimeout(60_000);
	const page = await context.newPage();
	const faults: string[] = [];
	const addresses = new Set<string>();
	page.on('dialog', (d) => {
		faults.push(`dialog: ${d.message()}`);
		void d.dismiss();
	});
	page.on('pageerror', (e) => faults.push(`exception: ${e.message}`));
	page.on('console', (m) => {
		if (m.type() === 'error' || m.type() === 'warning') faults.push(`console: ${m.text()}`);
	});
	page.on('request', (r) => addresses.add(new URL(r.url()).origin));
	page.on('websocket', (w) => addresses.add(new URL(w.url()).origin.replace(/^ws/, 'http')));
	await page.goto(url);
	return { page, faults, addresses, close: () => context.close() };
}

/** Waits until the title is such: it follows what the page shows by a frame. */
export const titled = (page: Page, wanted: RegExp) =>
	until(
		`the title is ${wanted}`,
		() => page.title(),
		(title) => wanted.test(title),
	);

/** What the badge says: connecting, live, stale or reconnecting. */
export async function phase(page: Page): Promise<string> {
	return (await page.locator('.badge').getAttribute('data-phase')) ?? '';
}

/** Waits until the badge says so. */
export const becomes = (page: Page, wanted: string, within?: number) =>
	until(
		`badge says ${wanted}`,
		() => phase(page),
		(p) => p === wanted,
		within,
	);
