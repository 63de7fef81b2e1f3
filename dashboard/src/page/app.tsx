import { useEffect } from 'preact/hooks';
import { firing } from '../alerts/book';
import { Chart } from '../charts/chart';
import { useObservable } from '../observable';
import type { Session } from '../session';
import { writeAddress } from './address';
import { AlertList } from './alerts';
import { Bar } from './bar';
import { Filesystems } from './filesystems';
import { followKeys } from './keys';
import { Tiles } from './tiles';

export function App({ session }: { session: Session }) {
	const hello = useObservable(session.hello);
	const book = useObservable(session.book);
	const status = useObservable(session.status);
	const view = useObservable(session.view);
	const n = firing(book);

	useEffect(() => followKeys(session), [session]);
	useEffect(() => {
		const host = hello?.instance;
		document.title = `${n > 0 ? `(${n}) ` : ''}${host ? `${host} · ` : ''}monitord`;
		const icon = document.querySelector<HTMLLinkElement>('link[rel=icon]');
		const file = n > 0 ? './favicon-firing.svg' : './favicon.svg';
		if (icon && icon.getAttribute('href') !== file) icon.setAttribute('href', file);
	}, [n, hello]);
	useEffect(() => {
		history.replaceState(null, '', `${location.pathname}${location.search}${writeAddress(view)}`);
	}, [view]);

	return (
		<div class={`app ${status.phase}`}>
			<Bar session={session} />
			<main>
				<Tiles session={session} />
				<AlertList session={session} />
				<div class="grid">
					{session.sources.map((s) => (
						<Chart key={s.panel.id} session={session} source={s} />
					))}
					<Filesystems session={session} />
				</div>
			</main>
			<footer>
				{hello && <span>monitord {hello.version}</span>}
				<span>Drag over a chart to zoom</span>
				<span>
					<kbd>1</kbd>–<kbd>5</kbd> range
				</span>
				<span>
					<kbd>P</kbd> pause
				</span>
				<span>
					<kbd>Esc</kbd> live
				</span>
				<span>
					<kbd>+</kbd> <kbd>−</kbd> <kbd>[</kbd> <kbd>]</kbd> zoom and move
				</span>
				<span>
					<kbd>T</kbd> theme
				</span>
			</footer>
		</div>
	);
}
