import { createServer, type Server, Socket } from 'node:net';

/** Cut is a wire between browser and daemon that can be cut: then nothing gets through, and nothing is answered. */
export class Cut {
	private readonly open = new Set<Socket>();
	private whole = true;

	private constructor(
		private readonly server: Server,
		readonly url: string,
	) {}

	static async before(target: string): Promise<Cut> {
		const { hostname, port } = new URL(target);
		let cut: Cut | null = null;
		const server = createServer((near) => {
			if (!cut?.whole) return near.destroy();
			const far = new Socket();
			for (const [one, other] of [
				[near, far],
				[far, near],
			] as const) {
				cut.open.add(one);
				one.on('error', () => other.destroy());
				one.on('close', () => {
					cut?.open.delete(one);
					other.destroy();
				});
				one.pipe(other);
			}
			far.connect(Number(port), hostname);
		});
		await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
		const address = server.address();
		if (!address || typeof address === 'string') throw new Error('the wire has no port');
		cut = new Cut(server, `http://127.0.0.1:${address.port}/`);
		return cut;
	}

	cut(): void {
		this.whole = false;
		for (const socket of this.open) socket.destroy();
	}

	mend(): void {
		this.whole = true;
	}

	async end(): Promise<void> {
		this.cut();
		await new Promise((done) => this.server.close(done));
	}
}
