// When to try again, and when to call a server dead. Browsers show no protocol
// pings, so the page asks for itself.

/** Silence after which the page asks whether anyone is there. */
export const askAfter = 5_000;
/** Silence after which nobody is: a dead server is noticed within 20 s. */
export const deadAfter = 15_000;
/** Time for a connection to say hello. */
export const helloWithin = 10_000;
/** A connection that lived this long was a good one: the next failure starts over. */
export const goodAfter = 10_000;
/** Intervals without a tick after which what is shown is called stale. */
export const staleTicks = 3;

const first = 500;
const longest = 15_000;
const longestAsked = 60_000;

/**
 * How long to wait before attempt number `attempt` (0 is the first after a loss).
 * The server's own wish in a close reason (`… retry=MS`) goes before ours. Half of
 * every wait is random, so that a thousand viewers do not return as one.
 */
export function retryDelay(attempt: number, reason: string, random: () => number): number {
	const asked = /\bretry=(\d{1,9})$/.exec(reason);
	if (asked) {
		const wish = Math.min(Number(asked[1]), longestAsked);
		return Math.round(wish * (1 + random() / 4));
	}
	const ceiling = Math.min(longest, first * 2 ** Math.min(attempt, 10));
	return Math.round((ceiling * (1 + random())) / 2);
}

/** Close reasons as people read them. */
export function explain(code: number, reason: string): string {
	const said = reason.replace(/\s*\bretry=\d+$/, '').trim();
	if (said) return said;
	switch (code) {
		case 1000:
		case 1001:
			return 'the server is shutting down';
		case 1008:
			return 'not allowed';
		case 1011:
			return 'a fault in the server';
		case 1012:
			return 'the server is restarting';
		case 1013:
			return 'the server is overloaded';
		default:
			return 'the connection was lost';
	}
}
