import type { AlertMessage, Hello, Labels, ServerMessage } from './messages';
import { finite } from './messages';

/** What the page knows of one subscription: which of its own ids it is, and what its columns mean. */
interface Followed {
	readonly id: string;
	readonly rev: number | null; // null until the first `series`
	readonly width: number;
}

/** The state of one connection. A new connection starts from `initial`. */
export interface StreamState {
	readonly hello: Hello | null;
	readonly subs: ReadonlyMap<number, Followed>;
}

export const initial: StreamState = { hello: null, subs: new Map() };

/** What a message means to the rest of the page. */
export type StreamEvent =
	| { kind: 'hello'; hello: Hello }
	| { kind: 'started'; id: string; seq: number | null }
	| { kind: 'ended'; id: string }
	| { kind: 'columns'; id: string; series: Labels[] }
	| { kind: 'row'; id: string; t: number; values: (number | null)[] }
	| { kind: 'hole'; id: string; from: number; to: number; reason: string }
	| { kind: 'alert'; id: string; message: AlertMessage }
	| { kind: 'alertsLost'; id: string; reason: string }
	| { kind: 'progress'; id: string; seq: number }
	| { kind: 'refused'; id: string; code: string; message: string }
	| { kind: 'failed'; id: string; message: string }
	| { kind: 'resync'; id: string }
	| { kind: 'pong'; sent: number; now: number };

const nothing: StreamEvent[] = [];

/** One message, in order. Pure: the state given is left as it was. */
export function reduce(state: StreamState, m: ServerMessage): [StreamState, StreamEvent[]] {
	switch (m.op) {
		case 'hello':
			return [{ hello: m, subs: new Map() }, [{ kind: 'hello', hello: m }]];
		case 'subscribed':
			return [
				follow(state, m.sub, { id: m.id, rev: null, width: 0 }),
				[{ kind: 'started', id: m.id, seq: m.seq ?? null }],
			];
		case 'unsubscribed':
			return [follow(state, m.sub, null), [{ kind: 'ended', id: m.id }]];
		case 'pong':
			return [state, [{ kind: 'pong', sent: m.t, now: m.now }]];
		case 'error':
			if (m.id !== undefined) return [state, [{ kind: 'refused', id: m.id, code: m.code, message: m.message }]];
	}
	// The rest belongs to a subscription; one that is gone, or that was never ours, has nothing to say.
	const sub = m.sub === undefined ? undefined : state.subs.get(m.sub);
	if (!sub || m.sub === undefined) return [state, nothing];
	const id = sub.id;
	switch (m.op) {
		case 'series':
			return [
				follow(state, m.sub, { id, rev: m.rev, width: m.series.length }),
				[{ kind: 'columns', id, series: m.series }],
			];
		case 'samples':
			// `rev` is compared for equality only: another one means that the columns of this row are not known here.
			if (m.rev !== sub.rev || m.v.length !== sub.width) return [state, [{ kind: 'resync', id }]];
			return [state, [{ kind: 'row', id, t: m.t, values: m.v.map(finite) }]];
		case 'gap':
			if (m.from === undefined || m.to === undefined) return [state, [{ kind: 'alertsLost', id, reason: m.reason }]];
			return [state, [{ kind: 'hole', id, from: m.from, to: m.to, reason: m.reason }]];
		case 'alert':
			return [state, [{ kind: 'alert', id, message: m }]];
		case 'heartbeat':
			return [state, m.seq === undefined ? nothing : [{ kind: 'progress', id, seq: m.seq }]];
		case 'error':
			return [state, [{ kind: 'failed', id, message: m.message }]];
	}
}

function follow(state: StreamState, sub: number, to: Followed | null): StreamState {
	const subs = new Map(state.subs);
	if (to) subs.set(sub, to);
	else subs.delete(sub);
	return { ...state, subs };
}
