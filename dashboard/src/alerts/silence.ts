import { lasted, moment } from '../format';
import type { Labels } from '../stream/messages';

export interface Matcher {
	readonly name: string;
	readonly value: string;
	readonly isRegex: boolean;
	readonly isEqual: boolean;
}

/** Silence is one as Alertmanager's API has it. Times are milliseconds. */
export interface Silence {
	readonly id: string;
	readonly matchers: readonly Matcher[];
	readonly createdBy: string;
	readonly comment: string;
	readonly startsAt: number;
	readonly endsAt: number;
	readonly configured: string; // what the configuration calls it; empty: somebody made it
}

const hour = 3_600_000;
const day = 24 * hour;

export type SilenceState = 'active' | 'pending' | 'expired';

/** Reads a list of silences. What is not one is left out: a newer server may say more. */
export function readSilences(answer: unknown): Silence[] {
	if (!Array.isArray(answer)) return [];
	return answer.map(readSilence).filter((s) => s !== null);
}

function readSilence(of: unknown): Silence | null {
	const s = of as Record<string, unknown> | null;
	if (typeof s?.id !== 'string' || !Array.isArray(s.matchers)) return null;
	const startsAt = Date.parse(String(s.startsAt));
	const endsAt = Date.parse(String(s.endsAt));
	if (Number.isNaN(startsAt) || Number.isNaN(endsAt)) return null;
	return {
		id: s.id,
		matchers: s.matchers.map(readMatcher),
		createdBy: text(s.createdBy),
		comment: text(s.comment),
		startsAt,
		endsAt,
		configured: text(s.monitordName),
	};
}

function readMatcher(of: unknown): Matcher {
	const m = of as Record<string, unknown> | null;
	return { name: text(m?.name), value: text(m?.value), isRegex: m?.isRegex === true, isEqual: m?.isEqual !== false };
}

const text = (v: unknown): string => (typeof v === 'string' ? v : '');

export function stateOf(s: Silence, now: number): SilenceState {
	if (now >= s.endsAt) return 'expired';
	return now < s.startsAt ? 'pending' : 'active';
}

/** Writes a matcher as people write it. */
export function matcherText(m: Matcher): string {
	const op = m.isRegex ? (m.isEqual ? '=~' : '!~') : m.isEqual ? '=' : '!=';
	return `${m.name}${op}${m.value}`;
}

/** When the silence ends, or begins. */
export function when(s: Silence, now: number): string {
	switch (stateOf(s, now)) {
		case 'active':
			return `until ${minute(s.endsAt, now)}, ${lasted(s.endsAt - now)} left`;
		case 'pending':
			return `from ${minute(s.startsAt, now)}, in ${lasted(s.startsAt - now)}`;
		case 'expired':
			return 'ended';
	}
}

/** A time without its seconds; one that is far away with its year. */
function minute(t: number, now: number): string {
	const far = Math.abs(t - now) > 300 * day ? ` ${new Date(t).getFullYear()}` : '';
	return moment(t, now)
		.replace(/ ?(\d\d:\d\d):\d\d$/, `${far} $1`)
		.trim();
}

/** In force first, by their end, then those to come, by their start; none that ended. */
export function current(all: readonly Silence[], now: number): Silence[] {
	const rank = (s: Silence) => (stateOf(s, now) === 'active' ? 0 : 1);
	return all
		.filter((s) => stateOf(s, now) !== 'expired')
		.sort((a, b) => {
			const state = rank(a) - rank(b);
			const time = rank(a) === 0 ? a.endsAt - b.endsAt : a.startsAt - b.startsAt;
			return state || time || (a.id < b.id ? -1 : 1);
		});
}

/** Choice is a matcher that a silence of an alert may have. */
export interface Choice {
	readonly matcher: Matcher;
	readonly chosen: boolean;
}

const everywhere = new Set(['instance', 'job']); // on every series of a host

/** What a silence of an alert is about unless somebody says otherwise: all that tells it from others here. */
export function choices(labels: Labels): Choice[] {
	const names = Object.keys(labels).sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
	return names
		.filter((name) => labels[name] !== '')
		.map((name) => ({
			matcher: { name, value: labels[name] ?? '', isRegex: false, isEqual: true },
			chosen: !everywhere.has(name),
		}));
}

function order(name: string): number {
	if (name === 'alertname') return 0;
	return everywhere.has(name) ? 2 : 1;
}

export const spans: readonly { readonly name: string; readonly title: string; readonly ms: number }[] = [
	{ name: '30 m', title: '30 minutes', ms: hour / 2 },
	{ name: '1 h', title: 'an hour', ms: hour },
	{ name: '2 h', title: '2 hours', ms: 2 * hour },
	{ name: '8 h', title: '8 hours', ms: 8 * hour },
	{ name: '1 d', title: 'a day', ms: day },
	{ name: '7 d', title: '7 days', ms: 7 * day },
];

/** Names who put an alert under silence, for people. */
export function silencedText(ids: readonly string[], all: readonly Silence[] | null, now: number): string {
	const known = (all ?? []).filter((s) => ids.includes(s.id)).sort((a, b) => b.endsAt - a.endsAt);
	const last = known[0];
	if (!last) return 'silenced';
	const who = last.configured || last.createdBy;
	return `silenced ${when(last, now)}${who && `, ${who}`}${last.comment && `: ${last.comment}`}`;
}
