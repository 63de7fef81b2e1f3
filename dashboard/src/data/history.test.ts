import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { elements, HistoryError, queryNow, queryRange, stored } from './history';

const asked: URL[] = [];

function answer(body: string, status = 200): void {
	vi.stubGlobal('fetch', async (url: URL) => {
		asked.push(url);
		return new Response(body, { status });
	});
}

beforeEach(() => {
	asked.length = 0;
	vi.stubGlobal('document', { baseURI: 'http://host/under/a/path/' });
});
afterEach(() => {
	vi.unstubAllGlobals();
});

describe('queries', () => {
	it('asks for a range in seconds, below the address of the page', async () => {
		answer(
			'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1.5,"2"],[2.5,"+Inf"],[3.5,"NaN"]]}]}}',
		);
		const found = await queryRange('up{a="&="}', 1500, 3500, 1000);
		expect(asked[0]?.pathname).toBe('/under/a/path/api/v1/query_range');
		expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toEqual({
			query: 'up{a="&="}',
			start: '1.5',
			end: '3.5',
			step: '1',
		});
		expect(found).toEqual([
			{
				labels: { a: '1' },
				points: [
					[1500, 2],
					[2500, null],
					[3500, null],
				],
			},
		]);
	});

	it('asks for the newest', async () => {
		answer('{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[7,"1"]}]}}');
		expect(await queryNow('up')).toEqual([{ labels: {}, points: [[7000, 1]] }]);
	});

	it.each([
		['{"status":"error","errorType":"bad_data","error":"parse error"}', 400, 'parse error'],
		['{"status":"error"}', 503, 'the history API answers 503'],
		['<html>', 502, 'the history API answers 502 and no JSON'],
	])('says why there is no answer: %s', async (body, status, why) => {
		answer(body, status);
		await expect(queryNow('up')).rejects.toEqual(new HistoryError(why));
	});

	it('says that the daemon cannot be reached', async () => {
		vi.stubGlobal('fetch', async () => {
			throw new TypeError('Failed to fetch');
		});
		await expect(queryNow('up')).rejects.toThrow('cannot be reached');
	});

	it('makes nothing of an answer without result', () => {
		expect(elements({})).toEqual([]);
		expect(elements({ status: 'success', data: {} })).toEqual([]);
	});
});

describe('stored', () => {
	const ticks = (points: [number, number | null][]) => [{ labels: {}, points }];

	it('tells a repeated value from a tick of its own', () => {
		const is = stored(
			ticks([
				[1000, 1],
				[2000, 1],
				[3000, 3],
			]),
			1000,
			1000,
		);
		expect([1000, 2000, 3000, 4000].map(is)).toEqual([true, false, true, false]);
	});

	it('is content with a tick since the step before where steps are coarse', () => {
		const is = stored(
			ticks([
				[10_000, 7],
				[20_000, 7],
				[30_000, null],
			]),
			10_000,
			1000,
		);
		expect([10_000, 20_000, 30_000].map(is)).toEqual([true, false, false]);
	});

	it('takes everything as stored where nothing is known', () => {
		expect(stored([], 1000, 1000)(5)).toBe(true);
	});
});
