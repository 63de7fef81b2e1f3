import type { Labels } from '../stream/messages';

export interface Element {
	labels: Labels;
	points: [t: number, v: number | null][];
}

interface Answer {
	status?: string;
	error?: string;
	data?: { result?: { metric: Labels; value?: [number, string]; values?: [number, string][] }[] };
}

/** HistoryError says in a sentence why the history did not answer. */
export class HistoryError extends Error {}

/** Asks for a range. Times and step in milliseconds, both ends included. */
export async function queryRange(expr: string, from: number, to: number, step: number, signal?: AbortSignal) {
	const q = { query: expr, start: String(from / 1000), end: String(to / 1000), step: String(step / 1000) };
	const answer = await ask('api/v1/query_range', q, signal);
	return elements(answer);
}

/** Asks for the newest value of each series. */
export async function queryNow(expr: string, signal?: AbortSignal): Promise<Element[]> {
	return elements(await ask('api/v1/query', { query: expr }, signal));
}

async function ask(path: string, query: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
	const url = new URL(path, document.baseURI);
	url.search = new URLSearchParams(query).toString();
	let response: Response;
	try {
		response = await fetch(url, signal ? { signal } : {});
	} catch (cause) {
		if (signal?.aborted) throw cause;
		throw new HistoryError('the history API cannot be reached');
	}
	let answer: Answer;
	try {
		answer = (await response.json()) as Answer;
	} catch (cause) {
		if (signal?.aborted) throw cause;
		throw new HistoryError(`the history API answers ${response.status} and no JSON`);
	}
	if (answer.status !== 'success') throw new HistoryError(answer.error ?? `the history API answers ${response.status}`);
	return answer;
}

export function elements(answer: Answer): Element[] {
	const result = answer.data?.result;
	if (!Array.isArray(result)) return [];
	return result.map((e) => ({
		labels: e.metric,
		points: (e.values ?? (e.value ? [e.value] : [])).map(([t, v]) => [Math.round(t * 1000), number(v)]),
	}));
}

function number(text: string): number | null {
	const v = Number(text); // "NaN", "+Inf" and "-Inf" are not finite, and not drawn
	return Number.isFinite(v) ? v : null;
}

/** The expression whose value at a time is when the newest tick up to then was stored, in seconds. */
export const tickTimes = 'max(timestamp(up))';

/**
 * Tells which times of a range have a tick of their own. A range query looks back
 * over holes shorter than its lookback and repeats the last value; the stream does
 * not, and a hole must look the same from both. Coarse steps are content with a
 * tick since the step before. Without an answer everything is taken as stored.
 */
export function stored(ticks: Element[], step: number, interval: number): (t: number) => boolean {
	const points = ticks[0]?.points;
	if (!points) return () => true;
	const newest = new Map(points);
	const slack = step > interval ? step : 1;
	return (t) => {
		const at = newest.get(t);
		return at !== undefined && at !== null && t - at * 1000 < slack;
	};
}
