import { ranges } from '../ranges';
import type { Session } from '../session';
import { next, theme } from '../theme';

/** What single keys do, wherever the focus is. Returns how to stop. */
export function followKeys(session: Session): () => void {
	const press = (e: KeyboardEvent) => {
		if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || writes(e.target)) return;
		if (act(session, e.key)) e.preventDefault();
	};
	addEventListener('keydown', press);
	return () => removeEventListener('keydown', press);
}

/** Tells whether somebody is writing there. */
function writes(target: EventTarget | null): boolean {
	return target instanceof Element && target.closest('input, select, textarea') !== null;
}

export function act(session: Pick<Session, 'choose' | 'pause' | 'live' | 'zoom' | 'window'>, key: string): boolean {
	const range = /^[1-9]$/.test(key) ? ranges[Number(key) - 1] : undefined;
	if (range) {
		session.choose(range);
		return true;
	}
	const [from, to] = session.window();
	const span = to - from;
	switch (key) {
		case 'p':
			session.pause();
			return true;
		case 'Escape':
			session.live();
			return true;
		case '+':
		case '=':
			session.zoom(from + span / 4, to - span / 4);
			return true;
		case '-':
			session.zoom(from - span / 2, to + span / 2);
			return true;
		case '[':
			session.zoom(from - span / 2, to - span / 2);
			return true;
		case ']':
			session.zoom(from + span / 2, to + span / 2);
			return true;
		case 't':
			theme.set(next(theme.get()));
			return true;
		default:
			return false;
	}
}
