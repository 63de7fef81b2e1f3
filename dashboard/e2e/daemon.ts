import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until';

const program = process.env.MONITORD_BIN;

/**
 * Daemon is a real monitord with a data directory of its own. It may be killed and
 * started again on the same port and data; `end` takes all of it away.
 */
export class Daemon {
	private child: ChildProcess | null = null;
	private log = '';
	url = '';

	private constructor(private readonly folder: string) {}

	/** Starts one. `config` is TOML: top-level keys first, without data_dir. */
	static async start(config = ''): Promise<Daemon> {
		if (!program) throw new Error('MONITORD_BIN names no program: run this through make test-e2e');
		const folder = await mkdtemp(join(tmpdir(), 'monitord-e2e-'));
		await writeFile(join(folder, 'monitord.toml'), `data_dir = "data"\n${config}`);
		const daemon = new Daemon(folder);
		try {
			await daemon.run();
		} catch (cause) {
			await daemon.end();
			throw cause;
		}
		return daemon;
	}

	/** Runs it, on the port that it had before if there is one, and waits until it is ready. */
	async run(): Promise<void> {
		const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
		this.log = '';
		const config = join(this.folder, 'monitord.toml');
		const child = spawn(program as string, ['run', '--config', config, '--listen', listen], {
			stdio: ['ignore', 'ignore', 'pipe'],
			// On a busy machine one of the default rules may well be pending.
			env: { ...process.env, MONITORD_ALERTS_DEFAULT_RULES: 'false' },
		});
		this.child = child;
		child.stderr?.setEncoding('utf8').on('data', (text: string) => {
			this.log += text;
		});
		child.on('error', (cause) => {
			this.log += String(cause);
		});
		const ready = () => this.log.includes('msg=ready') || child.exitCode !== null;
		await until('the daemon is ready', ready, Boolean, 60_000).catch((cause) => {
			throw new Error(`${cause}\n${this.log}`);
		});
		const url = /\burl=(https?:\/\/\S+)/.exec(this.log)?.[1];
		if (child.exitCode !== null || !url) throw new Error(`the daemon did not start:\n${this.log}`);
		this.url = url;
	}

	signal(name: NodeJS.Signals): void {
		this.child?.kill(name);
	}

	/** Ends it and waits until it is gone. */
	async kill(name: NodeJS.Signals): Promise<void> {
		const { child } = this;
		this.child = null;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = new Promise((done) => child.once('exit', done));
		child.kill('SIGCONT');
		child.kill(name);
		const patience = setTimeout(() => child.kill('SIGKILL'), 20_000);
		await gone;
		clearTimeout(patience);
	}

	async end(): Promise<void> {
		await this.kill('SIGTERM');
		await rm(this.folder, { recursive: true, force: true });
	}

	/** What the API says to a query: labels to value. */
	async query(expr: string, at?: number): Promise<{ labels: Record<string, string>; v: number }[]> {
		const url = new URL('api/v1/query', this.url);
		url.searchParams.set('query', expr);
		if (at !== undefined) url.searchParams.set('time', String(at / 1000));
		const answer = (await (await fetch(url)).json()) as {
			data: { result: { metric: Record<string, string>; value: [number, string] }[] };
		};
		return answer.data.result.map((r) => ({ labels: r.metric, v: Number(r.value[1]) }));
	}

	/** The times of the ticks that are stored, up to five minutes back. */
	async ticks(): Promise<number[]> {
		const url = new URL('api/v1/query', this.url);
		url.searchParams.set('query', 'up[5m]');
		const answer = (await (await fetch(url)).json()) as { data: { result: { values: [number, string][] }[] } };
		return (answer.data.result[0]?.values ?? []).map(([t]) => Math.round(t * 1000));
	}
}
