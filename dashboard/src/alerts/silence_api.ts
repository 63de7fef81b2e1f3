import { type Matcher, readSilences, type Silence } from './silence';

/** SilenceError says in a sentence why a silence was not listed, made or changed. */
export class SilenceError extends Error {}

export interface NewSilence {
	readonly id?: string; // of the one that is changed
	readonly matchers: readonly Matcher[];
	readonly startsAt: number;
	readonly endsAt: number;
	readonly createdBy: string;
	readonly comment: string;
}

export async function listSilences(): Promise<Silence[]> {
	const answer = await ask('GET', 'api/v2/silences');
	if (!Array.isArray(answer)) throw new SilenceError('the daemon answers no list of silences');
	return readSilences(answer);
}

/** Makes or changes a silence. It is on the daemon's disk when this ends well. */
export async function postSilence(s: NewSilence): Promise<void> {
	await ask('POST', 'api/v2/silences', {
		...s,
		startsAt: new Date(s.startsAt).toISOString(),
		endsAt: new Date(s.endsAt).toISOString(),
	});
}

export async function expireSilence(id: string): Promise<void> {
	await ask('DELETE', `api/v2/silence/${encodeURIComponent(id)}`);
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
	const init: RequestInit = { method };
	if (body !== undefined) {
		init.body = JSON.stringify(body);
		init.headers = { 'Content-Type': 'application/json' };
	}
	let response: Response;
	let text: string;
	try {
		response = await fetch(new URL(path, document.baseURI), init);
		text = await response.text();
	} catch {
		throw new SilenceError('the daemon cannot be reached');
	}
	const answer = parsed(text);
	if (!response.ok) throw new SilenceError(refusal(answer, response.status));
	return answer;
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}

/** What the daemon says is a string, or an object with a message. */
export function refusal(answer: unknown, status: number): string {
	if (typeof answer === 'string') return answer;
	const message = (answer as { message?: unknown } | null)?.message;
	return typeof message === 'string' ? message : `the daemon answers ${status}`;
}
