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

/** The newest row of a chart. */
export async function newest(page: Page, panel: string): Promise<Row | undefined> {
	return (await rows(page, panel, 1))[0];
}

/** A row in which no line has a value is a hole. */
export function isHole(row: Row): boolean {
	return Object.values(row.values).every((v) => v === '–');
}

/** How many pixels of a chart have a colour: text, grid and background have none. */
export function coloured(page: Page, panel: string): Promise<number> {
	return page.locator(`#panel-${panel}`).evaluate((card) => {
		const canvas = card.querySelector('canvas');
		const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
		if (!pixels) return 0;
		let n = 0;
		for (let i = 0; i < pixels.length; i += 4) {
			const [r, g, b, a] = pixels.subarray(i, i + 4) as unknown as [number, number, number, number];
			if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 45) n++;
		}
		return n;
	});
}

/** How far below the top of a chart its highest coloured pixel is, as a share of the height. */
export function highest(page: Page, panel: string): Promise<number> {
	return page.locator(`#panel-${panel}`).evaluate((card) => {
		const canvas = card.querySelector('canvas');
		const over = card.querySelector('.u-over');
		const brush = canvas?.getContext('2d');
		if (!canvas || !over || !brush) return 1;
		const whole = canvas.getBoundingClientRect();
		const inner = over.getBoundingClientRect();
		const { width, height } = inner;
		const { data } = brush.getImageData(inner.left - whole.left, inner.top - whole.top, width, height);
		for (let i = 0; i < data.length; i += 4) {
			const [r = 0, g = 0, b = 0, a = 0] = data.subarray(i, i + 4);
			if (a > 150 && Math.max(r, g, b) - Math.min(r, g, b) > 60) return Math.floor(i / 4 / width) / height;
		}
		return 1;
	});
}

/** A time of day (UTC, as the browser is told) of the last twelve hours, in milliseconds. */
function moment(time: string): number {
	const [h = 0, m = 0, s = 0] = time.split(':').map(Number);
	const now = Date.now();
	const t = Math.floor(now / 86_400_000) * 86_400_000 + ((h * 60 + m) * 60 + s) * 1000;
	return t > now + 43_200_000 ? t - 86_400_000 : t < now - 43_200_000 ? t + 86_400_000 : t;
}
