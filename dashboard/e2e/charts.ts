import type { Page } from 'playwright-core';

/** One row of a chart, as its cursor and legend show it. */
export interface Row {
	readonly t: number;
	readonly values: Readonly<Record<string, string>>; // name in the legend to text
}

/** Waits for nothing: the rows at the right end of a chart, the oldest first, read with the arrow keys as a user would. */
export async function rows(page: Page, panel: string, count: number): Promise<Row[]> {
	const read = await page.locator(`#panel-${panel}`).evaluate((card, count) => {
		const plot = card.querySelector<HTMLElement>('.plot');
		if (!plot?.querySelector('.u-over')) return [];
		const press = (key: string) => plot.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
		const here = () => {
			const values: Record<string, string> = {};
			for (const entry of card.querySelectorAll('.legend button')) {
				values[entry.querySelector('span')?.textContent ?? ''] = entry.querySelector('b')?.textContent ?? '';
			}
			return { time: card.querySelector('.cursor-time')?.textContent ?? '', values };
		};
		const found: { time: string; values: Record<string, string> }[] = [];
		plot.focus({ preventScroll: true });
		press('ArrowRight');
		for (let i = 0; i < count; i++) {
			const row = here();
			if (row.time === found[0]?.time) break; // the left end
			found.unshift(row);
			press('ArrowLeft');
		}
		plot.blur();
		return found;
	}, count);
	return read.filter((r) => r.time !== '').map((r) => ({ t: moment(r.time), values: r.values }));
}

/** Returns once charts show what the page has: they are drawn 25 ms after it came, by a timer that is due before this one. */
export function drawn(page: Page): Promise<void> {
	return page.evaluate(() => new Promise<void>((done) => setTimeout(done, 50)));
}

/** The newest row of a chart. */
export async function newest(page: Page, panel: string): Promise<Row | undefined> {
	return (await rows(page, panel, 1))[0];
}

/** A row in which no line has a value is a hole. */
export function isHole(row: Row): boolean {
	return Object.values(row.values).every((v) => v === '–');
}

/** A chart's colours: how many pixels have one (text, grid and background have none), and how far below the top the highest is. */
export interface Colours {
	readonly pixels: number;
	readonly top: number; // a share of the height
}

export function colours(page: Page, panel: string): Promise<Colours> {
	return page.locator(`#panel-${panel}`).evaluate((card) => {
		const canvas = card.querySelector('canvas');
		const over = card.querySelector('.u-over');
		if (!canvas || !over) return { pixels: 0, top: 1 };
		const whole = canvas.getBoundingClientRect();
		const inner = over.getBoundingClientRect();
		const width = Math.floor(inner.width);
		const height = Math.floor(inner.height);
		const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
		if (!copy || !width || !height) return { pixels: 0, top: 1 };
		copy.drawImage(canvas, whole.left - inner.left, whole.top - inner.top);
		const { data } = copy.getImageData(0, 0, width, height);
		let pixels = 0;
		let top = 1;
		for (let i = 0; i < data.length; i += 4) {
			const [r = 0, g = 0, b = 0, a = 0] = data.subarray(i, i + 4);
			if (a < 60 || Math.max(r, g, b) - Math.min(r, g, b) < 45) continue;
			pixels++;
			if (a > 150) top = Math.min(top, Math.floor(i / 4 / width) / height);
		}
		return { pixels, top };
	});
}

/** A time of day (UTC, as the browser is told) of the last twelve hours, in milliseconds. */
function moment(time: string): number {
	const [h = 0, m = 0, s = 0] = time.split(':').map(Number);
	const now = Date.now();
	const t = Math.floor(now / 86_400_000) * 86_400_000 + ((h * 60 + m) * 60 + s) * 1000;
	return t > now + 43_200_000 ? t - 86_400_000 : t < now - 43_200_000 ? t + 86_400_000 : t;
}
