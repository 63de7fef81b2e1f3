import { createConnection, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { Daemon } from './daemon';
import { until } from './until';

// The stream through Node's most used WebSocket library, as a program would use it.

let daemon: Daemon;
let open: Client | null = null;

beforeAll(async () => {
	daemon = await Daemon.start('[stream]\nping_interval = "1s"\npong_timeout = "5s"\n');
});
afterAll(() => daemon?.end());
afterEach(() => {
	open?.socket.terminate();
	open = null;
});

type Message = { op: string; [key: string]: unknown };

/** Client keeps what comes. */
class Client {
	readonly messages: Message[] = [];
	readonly binary: Buffer[] = [];
	readonly pings: Buffer[] = [];
	readonly pongs: string[] = [];
	closed: { code: number; reason: string } | null = null;
	status = 0;
	characters = 0;
	wire: Socket | null = null;
	readonly socket: WebSocket;

	constructor(query: string, protocol: string, options: ClientOptions = {}) {
		const url = new URL(`api/v1/stream?${query}`, daemon.url);
		const connect = () => {
			this.wire = createConnection(Number(url.port), url.hostname);
			return this.wire;
		};
		this.socket = new WebSocket(url, protocol, { ...options, createConnection: connect });
		this.socket
			.on('message', (data, isBinary) => {
				if (isBinary) {
					this.binary.push(data as Buffer);
					return;
				}
				const text = String(data);
				this.characters += text.length;
				this.messages.push(JSON.parse(text));
			})
			.on('ping', (data) => this.pings.push(data))
			.on('pong', (data) => this.pongs.push(String(data)))
			.on('unexpected-response', (_, response) => {
				this.status = response.statusCode ?? 0;
				response.destroy();
			})
			.on('error', () => {})
			.on('close', (code, reason) => {
				this.closed = { code, reason: String(reason) };
			});
		open = this;
	}

	/** Waits for a message with this op. */
	async of(op: string): Promise<Message> {
		await until(op, () => this.messages.some((m) => m.op === op));
		return this.messages.find((m) => m.op === op) as Message;
	}
}

const json = 'monitord.v1.json';
const cbor = 'monitord.v1.cbor';

describe("Node's ws", () => {
	it('is sent compressed messages when it offers to take them', async () => {
		const client = new Client('samples={__name__=~"node_.*"}', json, { perMessageDeflate: true });
		await until('three ticks', () => client.messages.filter((m) => m.op === 'samples').length >= 3);
		expect(client.socket.extensions).toContain('permessage-deflate');
		expect(client.wire?.bytesRead).toBeLessThan(client.characters / 2);
		// What it sends is compressed as well, from its threshold of 1 KiB on.
		client.socket.send(`{"op":"ping","t":9${' '.repeat(5000)}}`);
		expect(await client.of('pong')).toMatchObject({ t: 9 });
	});

	it('is sent them plain when it does not', async () => {
		const client = new Client('query=up', json, { perMessageDeflate: false });
		expect(await client.of('samples')).toMatchObject({ v: [1] });
		expect(client.socket.extensions).toBe('');
		expect(client.socket.protocol).toBe(json);
	});

	it('is pinged, answers, and is answered', async () => {
		const client = new Client('', json);
		await client.of('hello');
		client.socket.ping('are you there');
		await until('a pong', () => client.pongs.includes('are you there'));
		await until('pings for longer than a silent peer would live', () => client.pings.length >= 14);
		expect(client.closed).toBeNull();
		const trips = async () => (await daemon.query('monitord_stream_ping_rtt_seconds_count'))[0]?.v ?? 0;
		await until('round trips', async () => (await trips()) >= 10);
	});

	it.each([true, false])(
		'may send a message in fragments with a ping between them, compressed: %s',
		async (compress) => {
			const client = new Client('', json, { perMessageDeflate: { threshold: 0 } });
			await client.of('hello');
			client.socket.send('{"op":"pi', { fin: false, compress });
			client.socket.ping('between');
			client.socket.send('ng","t":', { fin: false, compress });
			client.socket.send('7}', { fin: true, compress });
			expect(await client.of('pong')).toMatchObject({ t: 7 });
			await until('the pong', () => client.pongs.includes('between')); // whichever of the two comes first
		},
	);

	it('speaks CBOR in binary messages', async () => {
		const client = new Client('query=up', cbor);
		await until('samples', () => client.binary.some((b) => b.includes('samples')));
		expect(client.socket.protocol).toBe(cbor);
		client.socket.send(Buffer.from('a2626f706470696e67617407', 'hex')); // {"op":"ping","t":7}
		await until('a pong', () => client.binary.some((b) => b.includes('pong')));
		expect(client.messages).toEqual([]);
	});

	it.each([
		['a binary message on JSON', json, (s: WebSocket) => s.send(Buffer.from('{}')), 1003],
		['the first fragment of one', json, (s: WebSocket) => s.send(Buffer.from('{'), { fin: false }), 1003],
		['a text message on CBOR', cbor, (s: WebSocket) => s.send('{}'), 1003],
		['a message that is too long', json, (s: WebSocket) => s.send('x'.repeat(70_000)), 1009],
		['a bomb', json, (s: WebSocket) => s.send('x'.repeat(20_000_000), { compress: true }), 1009],
		['a farewell', json, (s: WebSocket) => s.close(1000, 'done'), 1000],
	])('is told what was wrong with %s', async (_, protocol, say, code) => {
		const client = new Client('', protocol, { perMessageDeflate: true });
		await until('open', () => client.socket.readyState === WebSocket.OPEN);
		say(client.socket);
		await until('closed', () => client.closed !== null);
		expect(client.closed?.code).toBe(code);
	});

	it('is refused when it speaks nothing that the daemon does', async () => {
		const client = new Client('', 'soap');
		await until('refused', () => client.status !== 0);
		expect(client.status).toBe(400);
	});
});
