export interface Entry {
	key: string;
	name: string;
	colour: string;
}

/**
 * Legend names a chart's lines with their values at the cursor, or the newest. It is
 * plain DOM, because it changes with every tick and every move of the mouse. Names
 * come from the host and are only ever text.
 */
export class Legend {
	readonly root = document.createElement('div');
	private cells = new Map<string, { button: HTMLButtonElement; value: HTMLElement }>();

	constructor(private readonly toggle: (key: string, alone: boolean) => void) {
		this.root.className = 'legend';
	}

	build(entries: readonly Entry[]): void {
		this.cells = new Map();
		this.root.replaceChildren(
			...entries.map((e) => {
				const button = document.createElement('button');
				button.type = 'button';
				button.title = `${e.name}: click to hide or show, with Shift to show it alone`;
				const mark = document.createElement('i');
				mark.style.background = e.colour;
				const name = document.createElement('span');
				name.textContent = e.name;
				const value = document.createElement('b');
				button.append(mark, name, value);
				button.onclick = (event) => this.toggle(e.key, event.shiftKey || event.altKey);
				this.cells.set(e.key, { button, value });
				return button;
			}),
		);
	}

	show(key: string, value: string, hidden: boolean): void {
		const cell = this.cells.get(key);
		if (!cell) return;
		if (cell.value.textContent !== value) cell.value.textContent = value;
		const pressed = String(!hidden);
		if (cell.button.getAttribute('aria-pressed') !== pressed) cell.button.setAttribute('aria-pressed', pressed);
	}
}
