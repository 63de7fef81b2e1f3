import { type AlertMessage, type Delivery, type Labels, numeric } from '../stream/messages';
import { type Point, readEvidence } from './evidence';

/** Alert is what the page shows of one: its latest event. */
export interface Alert {
	readonly fingerprint: string;
	readonly name: string;
	readonly state: string; // pending, firing, resolved, inactive
	readonly severity: string;
	readonly summary: string;
	readonly labels: Labels;
	readonly value: number;
	readonly since: number; // when it reached this state, ms
	readonly seq: number;
	readonly durable: boolean; // false: announced, and not on disk yet
	readonly silencedBy: readonly string[]; // ids of the silences that it is under
	readonly flapping: boolean; // it comes and goes too often and is held firing
	readonly stale: boolean; // its collector fails, the state is kept
	readonly evidence: readonly Point[] | null; // how it came to fire
	readonly delivery: (Delivery & { ok: boolean }) | null; // what the last hook made of it
}

export interface Book {
	readonly active: ReadonlyMap<string, Alert>;
	readonly recent: readonly Alert[]; // those that ended while this page looked, the newest first
	readonly seq: number; // the highest number seen, from which to resume
	readonly loose: ReadonlySet<string>; // whose latest event is on no disk: a daemon that dies never tells more of it
}

export const empty: Book = { active: new Map(), recent: [], seq: 0, loose: new Set() };

const keep = 20;

/** Adds one event. Pure. The same event may come again, after a resume or once it is durable. */
export function fold(book: Book, m: AlertMessage): Book {
	const seq = Math.max(book.seq, m.seq ?? 0);
	const known = book.active.get(m.alert.fingerprint);
	if (m.event === 'notified' || m.event === 'notify_failed') {
		if (!known || !m.delivery) return { ...book, seq };
		const delivery = { ...m.delivery, ok: m.event === 'notified' };
		return { ...book, seq, active: new Map(book.active).set(known.fingerprint, { ...known, delivery }) };
	}
	if (known && m.seq !== undefined && m.seq < known.seq) return { ...book, seq };

	const alert = read(m, known);
	const loose = new Set(book.loose);
	if (alert.durable) loose.delete(alert.fingerprint);
	else loose.add(alert.fingerprint);
	const active = new Map(book.active);
	if (alert.state === 'pending' || alert.state === 'firing') {
		active.set(alert.fingerprint, alert);
		return { active, recent: book.recent, seq, loose };
	}
	active.delete(alert.fingerprint);
	const others = book.recent.filter((r) => r.fingerprint !== alert.fingerprint || r.since !== alert.since);
	return { active, recent: [alert, ...others].slice(0, keep), seq, loose };
}

function read(m: AlertMessage, known: Alert | undefined): Alert {
	const a = m.alert;
	return {
		fingerprint: a.fingerprint,
		name: a.labels.alertname ?? 'unnamed',
		state: ended(m.event) ? m.event : a.state, // how it ended is the event's to say
		severity: a.labels.severity ?? '',
		summary: a.annotations.summary ?? a.annotations.description ?? '',
		labels: a.labels,
		value: numeric(a.value),
		since: started(m),
		seq: m.seq ?? known?.seq ?? 0,
		durable: m.durable !== false,
		silencedBy: a.silencedBy ?? [],
		flapping: a.flapping === true,
		stale: a.stale === true,
		evidence: readEvidence(a.evidence) ?? (sameLife(known, m) ? known.evidence : null),
		delivery: known?.state === a.state ? known.delivery : null,
	};
}

/** Tells whether an event says more of a firing that is known: evidence comes with the first word of it. */
function sameLife(known: Alert | undefined, m: AlertMessage): known is Alert {
	return known !== undefined && known.state === 'firing' && m.alert.state === 'firing' && known.since === started(m);
}

function ended(event: string): boolean {
	return event === 'resolved' || event === 'inactive';
}

function started(m: AlertMessage): number {
	const { state, startsAt, activeAt, endsAt } = m.alert;
	const t = Date.parse(state === 'firing' ? startsAt : state === 'pending' ? activeAt : endsAt);
	return t > 0 ? t : m.t; // the year 1 stands for "not yet"
}

const order = ['critical', 'error', 'warning', 'info'];

/** Firing before pending, the silenced last, the gravest first, then the newest. */
export function sorted(book: Book): Alert[] {
	const rank = (a: Alert) =>
		(a.silencedBy.length ? 20 : 0) + (a.state === 'firing' ? 0 : 10) + ((order.indexOf(a.severity) + 5) % 5);
	return [...book.active.values()].sort((a, b) => rank(a) - rank(b) || b.since - a.since || a.seq - b.seq);
}

/** How many fire and are told. */
export function firing(book: Book): number {
	return tally(book).firing;
}

export interface Tally {
	readonly firing: number;
	readonly pending: number;
	readonly silenced: number; // of either, and in neither
}

export function tally(book: Book): Tally {
	const n = { firing: 0, pending: 0, silenced: 0 };
	for (const a of book.active.values()) {
		if (a.silencedBy.length) n.silenced++;
		else if (a.state === 'firing') n.firing++;
		else n.pending++;
	}
	return n;
}
