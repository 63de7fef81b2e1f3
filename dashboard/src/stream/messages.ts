// The public messages of the stream, as JSON. Their meaning is the server's
// contract; the files in stream/wire/testdata hold both sides to one form.

export type Labels = Readonly<Record<string, string>>;
export type WireNumber = number | null | 'NaN' | '+Inf' | '-Inf';

export interface Hello {
	op: 'hello';
	version: string;
	instance: string;
	epoch: string;
	interval: number;
	t: number;
	seq: number;
}
export interface Subscribed {
	op: 'subscribed';
	id: string;
	sub: number;
	t?: number;
	seq?: number;
}
export interface Series {
	op: 'series';
	sub: number;
	rev: number;
	series: Labels[];
}
export interface Samples {
	op: 'samples';
	sub: number;
	rev: number;
	t: number;
	v: WireNumber[];
}
export interface WireAlert {
	fingerprint: string;
	state: string;
	labels: Labels;
	annotations: Labels;
	value: WireNumber;
	activeAt: string;
	startsAt: string;
	endsAt: string;
	generatorURL: string;
	silencedBy: readonly string[]; // ids of silences
	flapping?: boolean;
	stale?: boolean;
	/** What the expression gave in the minute before the alert fired: [ms, value]. */
	evidence?: { values: [number, WireNumber][] };
}
export interface Delivery {
	hook: string;
	of: number;
	/** The others that went with it, of a group. */
	with?: number[];
	repeat?: number;
	attempts: number;
	error?: string;
	givenUp?: boolean;
}
export interface AlertMessage {
	op: 'alert';
	sub: number;
	seq?: number;
	t: number;
	event: string;
	current?: boolean;
	durable?: boolean;
	delivery?: Delivery;
	alert: WireAlert;
}
export interface Gap {
	op: 'gap';
	sub: number;
	from?: number;
	to?: number;
	missed?: number;
	after?: number;
	next?: number;
	reason: string;
}
export interface Heartbeat {
	op: 'heartbeat';
	sub?: number;
	t: number;
	seq?: number;
}
export interface Unsubscribed {
	op: 'unsubscribed';
	id: string;
	sub: number;
}
export interface Failure {
	op: 'error';
	id?: string;
	sub?: number;
	code: string;
	message: string;
}
export interface Pong {
	op: 'pong';
	t: number;
	now: number;
}

export type ServerMessage =
	| Hello
	| Subscribed
	| Series
	| Samples
	| AlertMessage
	| Gap
	| Heartbeat
	| Unsubscribed
	| Failure
	| Pong;

export type ClientMessage =
	| { op: 'subscribe'; id: string; samples: string; every?: string; from?: number | string }
	| { op: 'subscribe'; id: string; query: string; every?: string; from?: number | string }
	| { op: 'subscribe'; id: string; alerts: string; after?: number; epoch?: string }
	| { op: 'unsubscribe'; id: string }
	| { op: 'ping'; t: number };

const known = new Set([
	'hello',
	'subscribed',
	'series',
	'samples',
	'alert',
	'gap',
	'heartbeat',
	'unsubscribed',
	'error',
	'pong',
]);

/** Reads one frame. Null for what this page does not know: a newer server may say more. */
export function parse(data: unknown): ServerMessage | null {
	if (typeof data !== 'string') return null;
	let value: unknown;
	try {
		value = JSON.parse(data);
	} catch {
		return null;
	}
	if (typeof value !== 'object' || value === null) return null;
	const op = (value as { op?: unknown }).op;
	return typeof op === 'string' && known.has(op) ? (value as ServerMessage) : null;
}

/** A number as charts want it: null where there is nothing to draw. */
export function finite(v: WireNumber | undefined): number | null {
	return typeof v === 'number' ? v : null;
}

/** A number as text wants it: infinities are themselves. */
export function numeric(v: WireNumber | undefined): number {
	if (typeof v === 'number') return v;
	if (v === '+Inf') return Number.POSITIVE_INFINITY;
	return v === '-Inf' ? Number.NEGATIVE_INFINITY : Number.NaN;
}
