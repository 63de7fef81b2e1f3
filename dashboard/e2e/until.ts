/** Asks again and again until the answer is good, or says after `within` ms what it was last. */
export async function until<T>(
	what: string,
	ask: () => Promise<T> | T,
	good: (answer: T) => boolean = Boolean,
	within = 60_000,
): Promise<T> {
	const end = performance.now() + within;
	for (;;) {
		const answer = await ask();
		if (good(answer)) return answer;
		if (performance.now() > end) throw new Error(`${what}: not within ${within} ms; last: ${JSON.stringify(answer)}`);
		await new Promise((done) => setTimeout(done, 100));
	}
}
