import { Observable } from './observable';

export type Choice = 'auto' | 'dark' | 'light';

const name = 'monitord.theme';

function remembered(): Choice {
	try {
		const v = localStorage.getItem(name);
		return v === 'dark' || v === 'light' ? v : 'auto';
	} catch {
		return 'auto'; // storage may be forbidden; then nothing is remembered
	}
}

export const theme = new Observable<Choice>(remembered());

/** Changes whenever colours do, by choice or because the system's changed. */
export const colours = new Observable(0);

export function next(choice: Choice): Choice {
	return choice === 'auto' ? 'dark' : choice === 'dark' ? 'light' : 'auto';
}

/** Puts the choice in force, and keeps it in force. */
export function applyTheme(): void {
	const apply = () => {
		const choice = theme.get();
		if (choice === 'auto') delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = choice;
		colours.set(colours.get() + 1);
	};
	theme.follow((choice) => {
		try {
			localStorage.setItem(name, choice);
		} catch {
			// as above
		}
		apply();
	});
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply);
	apply();
}

/** The colours that a canvas needs as values. */
export interface Ink {
	readonly dark: boolean;
	readonly text: string;
	readonly grid: string;
	readonly hole: string;
	readonly heat: readonly string[];
	readonly series: readonly string[];
}

export function ink(): Ink {
	const style = getComputedStyle(document.documentElement);
	const value = (v: string) => style.getPropertyValue(v).trim();
	const list = (v: string) => value(v).split(/\s+/);
	return {
		dark: value('--is-dark') === '1',
		text: value('--dim'),
		grid: value('--grid'),
		hole: value('--hole'),
		heat: list('--heat'),
		series: list('--series'),
	};
}
