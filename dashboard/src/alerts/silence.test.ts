import { describe, expect, it } from 'vitest';
import { choices, current, matcherText, readSilences, type Silence, silencedText, stateOf, when } from './silence';
import { refusal } from './silence_api';

const now = new Date(2025, 10, 21, 12, 0, 0).getTime();
const hour = 3_600_000;

function silence(id: string, from: number, to: number, of: Partial<Silence> = {}): Silence {
	const matchers = [{ name: 'alertname', value: 'Up', isRegex: false, isEqual: true }];
	return {
		id,
		matchers,
		createdBy: 'ann',
		comment: 'why',
		startsAt: now + from,
		endsAt: now + to,
		configured: '',
		...of,
	};
}

describe('readSilences', () => {
	it('reads what the API gives', () => {
		const answer = [
			{
				id: 'a',
				status: { state: 'active' },
				matchers: [
					{ name: 'x', value: '<b>', isRegex: true, isEqual: false },
					{ name: 'y', value: 'z', isRegex: false },
				],
				startsAt: '2025-11-21T00:00:00.000Z',
				endsAt: '2025-11-21T01:00:00.000Z',
				createdBy: 'ann',
				comment: 'why',
				monitordName: 'nights',
			},
		];
		expect(readSilences(answer)).toEqual([
			{
				id: 'a',
				matchers: [
					{ name: 'x', value: '<b>', isRegex: true, isEqual: false },
					{ name: 'y', value: 'z', isRegex: false, isEqual: true },
				],
				createdBy: 'ann',
				comment: 'why',
				startsAt: Date.UTC(2025, 10, 21, 0),
				endsAt: Date.UTC(2025, 10, 21, 1),
				configured: 'nights',
			},
		]);
	});

	it('leaves out what is none', () => {
		for (const answer of [
			null,
			'x',
			{},
			[null],
			[{ id: 1 }],
			[{ id: 'a', matchers: [], startsAt: 'x', endsAt: 'y' }],
		]) {
			expect(readSilences(answer)).toEqual([]);
		}
	});
});

describe('a silence', () => {
	it('is pending, active and expired', () => {
		const s = silence('a', -hour, hour);
		expect(stateOf(s, s.startsAt - 1)).toBe('pending');
		expect(stateOf(s, s.startsAt)).toBe('active');
		expect(stateOf(s, s.endsAt)).toBe('expired');
	});

	it('says when it ends or begins', () => {
		expect(when(silence('a', -hour, 2 * hour + 60_000), now)).toBe('until 14:01, 2h 1m left');
		expect(when(silence('a', hour, 2 * hour), now)).toBe('from 13:00, in 1h');
		expect(when(silence('a', 24 * hour, 48 * hour), now)).toBe('from 22 Nov 12:00, in 1d');
		expect(when(silence('a', 366 * 24 * hour, 400 * 24 * hour), now)).toBe('from 22 Nov 2026 12:00, in 366d');
		expect(when(silence('a', -hour, 0), now)).toBe('ended');
	});

	it('writes its matchers as people do', () => {
		const m = (isRegex: boolean, isEqual: boolean) => matcherText({ name: 'a', value: 'b', isRegex, isEqual });
		expect([m(false, true), m(false, false), m(true, true), m(true, false)]).toEqual(['a=b', 'a!=b', 'a=~b', 'a!~b']);
	});
});

describe('current', () => {
	it('has those in force by their end, then those to come, and none that ended', () => {
		const all = [
			silence('later', 2 * hour, 3 * hour),
			silence('sooner', hour, 9 * hour),
			silence('long', -hour, 5 * hour),
			silence('ended', -hour, 0),
			silence('short', -hour, hour),
		];
		expect(current(all, now).map((s) => s.id)).toEqual(['short', 'long', 'sooner', 'later']);
	});
});

describe('choices', () => {
	it('offers every label, and chooses what tells the alert from others on this host', () => {
		const labels = { job: 'node', mountpoint: '/srv', alertname: 'Full', instance: 'web1', empty: '' };
		expect(choices(labels).map((c) => `${matcherText(c.matcher)} ${c.chosen}`)).toEqual([
			'alertname=Full true',
			'mountpoint=/srv true',
			'instance=web1 false',
			'job=node false',
		]);
	});
});

describe('silencedText', () => {
	it('names the one that ends last', () => {
		const all = [silence('a', -hour, hour), silence('b', -hour, 2 * hour, { configured: 'nights', comment: '' })];
		expect(silencedText(['a'], all, now)).toBe('silenced until 13:00, 1h left, ann: why');
		expect(silencedText(['a', 'b'], all, now)).toBe('silenced until 14:00, 2h left, nights');
		expect(silencedText(['unknown'], all, now)).toBe('silenced');
		expect(silencedText(['a'], null, now)).toBe('silenced');
	});
});

describe('refusal', () => {
	it('is what the daemon says', () => {
		expect(refusal('no', 400)).toBe('no');
		expect(refusal({ code: 602, message: 'comment in body is required' }, 422)).toBe('comment in body is required');
		expect(refusal(null, 502)).toBe('the daemon answers 502');
	});
});
