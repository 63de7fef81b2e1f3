import { describe, expect, it } from 'vitest';
import { explain, retryDelay } from './policy';

describe('retryDelay', () => {
	it('doubles from half a second up to a limit, half of it random', () => {
		const least = (n: number) => retryDelay(n, '', () => 0);
		const most = (n: number) => retryDelay(n, '', () => 1);
		expect([0, 1, 2, 3, 4, 5, 6, 1000].map(least)).toEqual([250, 500, 1000, 2000, 4000, 7500, 7500, 7500]);
		expect([0, 1, 2, 3, 4, 5, 6, 1000].map(most)).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
	});

	it('does what the server asks for, and never earlier', () => {
		expect(retryDelay(0, 'restarting, retry=2000', () => 0)).toBe(2000);
		expect(retryDelay(9, 'retry=2000', () => 1)).toBe(2500);
	});

	it('waits a minute at most, whatever is asked', () => {
		expect(retryDelay(0, 'retry=999999999', () => 0)).toBe(60_000);
	});

	it.each(['retry=', 'retry=x', 'retry=-5', 'retry=10 soon', 'noretry=10', 'retry=99999999999'])(
		'does not take %j for a wish',
		(reason) => {
			expect(retryDelay(0, reason, () => 0)).toBe(250);
		},
	);
});

describe('explain', () => {
	it('prefers what the server said, without the figure for programs', () => {
		expect(explain(1012, 'going down for an update retry=500')).toBe('going down for an update');
	});

	it.each([
		[1001, 'the server is shutting down'],
		[1008, 'not allowed'],
		[1011, 'a fault in the server'],
		[1012, 'the server is restarting'],
		[1013, 'the server is overloaded'],
		[1006, 'the connection was lost'],
	])('has words for %i', (code, words) => {
		expect(explain(code, 'retry=100')).toBe(words);
	});
});
