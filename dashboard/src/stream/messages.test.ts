import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { finite, numeric, parse } from './messages';

const folder = new URL('../../../stream/wire/testdata/', import.meta.url);
const files = readdirSync(folder).filter((f) => f.startsWith('server_') && f.endsWith('.json'));

describe('parse', () => {
	it.each(files)('reads the server’s %s', (file) => {
		const text = readFileSync(new URL(file, folder), 'utf8');
		expect(parse(text)).toEqual(JSON.parse(text));
	});

	it('finds every kind of message among the golden files', () => {
		const ops = new Set(files.map((f) => parse(readFileSync(new URL(f, folder), 'utf8'))?.op));
		expect([...ops].sort()).toEqual([
			'alert',
			'error',
			'gap',
			'heartbeat',
			'hello',
			'pong',
			'samples',
			'series',
			'subscribed',
			'unsubscribed',
		]);
	});

	it.each([
		['', 'nothing'],
		['{', 'half a message'],
		['null', 'null'],
		['[]', 'a list'],
		['7', 'a number'],
		['{}', 'no op'],
		['{"op":7}', 'an op that is no text'],
		['{"op":"toString"}', 'an op that objects have'],
		['{"op":"weather"}', 'an op of a newer server'],
	])('ignores %j: %s', (text) => {
		expect(parse(text)).toBeNull();
	});

	it('ignores binary frames', () => {
		expect(parse(new ArrayBuffer(4))).toBeNull();
	});
});

describe('numbers', () => {
	it('draws nothing for what is not finite', () => {
		expect([1.5, 0, null, 'NaN' as const, '+Inf' as const, '-Inf' as const, undefined].map(finite)).toEqual([
			1.5,
			0,
			null,
			null,
			null,
			null,
			null,
		]);
	});

	it('says infinities as themselves', () => {
		expect(numeric('+Inf')).toBe(Number.POSITIVE_INFINITY);
		expect(numeric('-Inf')).toBe(Number.NEGATIVE_INFINITY);
		expect(numeric('NaN')).toBeNaN();
		expect(numeric(null)).toBeNaN();
		expect(numeric(2)).toBe(2);
	});
});
