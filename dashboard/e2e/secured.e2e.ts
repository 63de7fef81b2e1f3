import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomes, launch, open } from './browser';
import { isHole, rows } from './charts';
import { Daemon } from './daemon';
import { until } from './until';

let folder: string;
let browser: Browser;
let daemon: Daemon;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'monitord-tls-'));
	const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
	const ask = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${cert}`;
	execFileSync('openssl', [...ask.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'pipe' });
	const table = `[server.tls]\ncert_file = "${cert}"\nkey_file = "${key}"\n`;
	[browser, daemon] = await Promise.all([launch(), Daemon.start(table)]);
});
afterAll(async () => {
	await browser?.close();
	await daemon?.end();
	rmSync(folder, { recursive: true, force: true });
});

describe('a page over https', () => {
	it('is fed over wss, and by nobody else', async () => {
		expect(daemon.url).toMatch(/^https:/);
		// The certificate signs itself; everything else is as it would be.
		const watched = await open(browser, daemon.url, { ignoreHTTPSErrors: true });
		const { page, faults, addresses } = watched;
		await becomes(page, 'live');
		await until('three rows', async () => (await rows(page, 'load', 50)).filter((r) => !isHole(r)).length >= 3);
		expect([...addresses]).toEqual([new URL(daemon.url).origin]);
		expect(faults).toEqual([]);
		await watched.close();
	});
});
