import { lasted, moment } from '../format';
import { useObservable } from '../observable';
import { ranges } from '../ranges';
import type { Session } from '../session';
import { next, theme } from '../theme';
import { Badge } from './badge';
import { About } from './host';

/** Bar is the head of the page: whose it is, which time it shows, and whether it is live. */
export function Bar({ session }: { session: Session }) {
	return (
		<header class="bar">
			<Mark />
			<About session={session} />
			<Times session={session} />
			<Badge session={session} />
			<ThemeButton />
		</header>
	);
}

function Mark() {
	return (
		<svg class="mark" viewBox="0 0 32 32" role="img" aria-label="monitord">
			<path d="M3 18h6l3-10 5 17 4-11 2 4h6" />
		</svg>
	);
}

function Times({ session }: { session: Session }) {
	const view = useObservable(session.view);
	const { range, still } = view;
	const move = (by: number) => {
		const [from, to] = session.window();
		session.zoom(from + (to - from) * by, to + (to - from) * by);
	};
	return (
		<div class="times">
			{still && (
				<div class="still">
					<button type="button" onClick={() => move(-0.5)} aria-label="Earlier" title="Earlier ( [ )">
						‹
					</button>
					<span>
						{moment(still.from, Date.now())} – {moment(still.to, Date.now())}
						<small> {lasted(still.to - still.from)}</small>
					</span>
					<button type="button" onClick={() => move(0.5)} aria-label="Later" title="Later ( ] )">
						›
					</button>
				</div>
			)}
			<div class="segments" role="group" aria-label="Time range">
				{ranges.map((r, i) => (
					<button
						type="button"
						key={r.name}
						aria-pressed={r === range && !still?.zoomed}
						title={`The last ${r.title} (${i + 1})`}
						onClick={() => session.choose(r)}
					>
						{r.name}
					</button>
				))}
			</div>
			<button
				type="button"
				class={`pause ${still ? 'on' : ''}`}
				aria-pressed={still !== null}
				title={still ? 'Go on live (Esc)' : 'Hold what is shown (P)'}
				onClick={() => session.pause()}
			>
				{still ? '▶ Go live' : '❚❚ Pause'}
			</button>
		</div>
	);
}

const faces = { auto: '◐', dark: '☾', light: '☀' };

function ThemeButton() {
	const choice = useObservable(theme);
	return (
		<button
			type="button"
			class="icon"
			title={`Colours: ${choice}; click for ${next(choice)} (T)`}
			aria-label={`Colours: ${choice}`}
			onClick={() => theme.set(next(choice))}
		>
			{faces[choice]}
		</button>
	);
}
