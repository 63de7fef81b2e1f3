import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Silences } from './silences';

const silence = (id: string) => ({
	id,
	matchers: [],
	startsAt: '2025-11-21T00:00:00Z',
	endsAt: '2025-11-22T00:00:00Z',
});

let questions: ((answer: Response | Error) => void)[];
let silences: Silences;

async function answer(question: number, a: Response | Error): Promise<void> {
	questions[question]?.(a);
	await vi.advanceTimersByTimeAsync(0);
}

const ids = () => silences.all.get()?.map((s) => s.id) ?? null;

function ask(): void {
	silences.load();
	vi.advanceTimersByTime(100);
}

beforeEach(() => {
	vi.useFakeTimers();
	vi.stubGlobal('document', { baseURI: 'http://host/' });
	questions = [];
	vi.stubGlobal(
		'fetch',
		() =>
			new Promise<Response>((good, bad) => {
				questions.push((a) => (a instanceof Error ? bad(a) : good(a)));
			}),
	);
	silences = new Silences();
});
afterEach(() => {
	silences.stop();
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

describe('Silences', () => {
	it('takes no older answer after a newer one', async () => {
		ask();
		ask();
		await answer(1, Response.json([silence('new')]));
		await answer(0, Response.json([]));
		expect(ids()).toEqual(['new']);
	});

	it('takes the answers that come while a newer question fails, or waits', async () => {
		ask();
		ask();
		await answer(0, Response.json([silence('a')]));
		expect(ids()).toEqual(['a']);
		await answer(1, new Error('cut off'));
		expect(ids()).toEqual(['a']);
	});

	it('does not take what is no list for an empty one', async () => {
		ask();
		await answer(0, Response.json([silence('a')]));
		ask();
		await answer(1, new Response('<html>who are you?</html>'));
		expect(ids()).toEqual(['a']);
	});

	it('takes nothing more once it is stopped', async () => {
		ask();
		silences.stop();
		await answer(0, Response.json([silence('a')]));
		expect(ids()).toBeNull();
	});

	it('asks once a minute, also after the clock was set back', () => {
		const t = 1763683200000;
		for (const [now, times] of [
			[t, 1],
			[t + 59_000, 1],
			[t + 61_000, 2],
			[t - 3_600_000, 3],
		] as const) {
			silences.tick(now);
			vi.advanceTimersByTime(100);
			expect(questions.length).toBe(times);
		}
	});
});
