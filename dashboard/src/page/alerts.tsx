import { sorted, type Tally, tally } from '../alerts/book';
import { useObservable } from '../observable';
import type { Session } from '../session';
import { AlertRow } from './alert_row';
import { SilenceList } from './silences';

/** AlertList has every alert that is pending or firing, those that ended while the page looked, and the silences. */
export function AlertList({ session }: { session: Session }) {
	const book = useObservable(session.book);
	const silences = useObservable(session.silences.all);
	const known = useObservable(session.alertsKnown);
	useObservable(session.frames); // how long they have lasted grows with every tick
	const active = sorted(book);
	const now = Math.max(session.tick, ...active.map((a) => a.since));
	const n = tally(book);
	const tone = n.firing ? 'firing' : n.pending ? 'pending' : known ? 'calm' : 'unknown';
	return (
		<section class={`card alerts ${tone}`} id="alerts" aria-label="Alerts">
			<header>
				<h2>Alerts</h2>
				<p role="status">{known || active.length ? count(n) : 'Not known yet'}</p>
			</header>
			{active.length > 0 && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
				<ul class="scroll" tabIndex={0}>
					{active.map((a) => (
						<AlertRow key={a.fingerprint} alert={a} now={now} session={session} silences={silences} />
					))}
				</ul>
			)}
			<SilenceList session={session} />
			{book.recent.length > 0 && (
				<details>
					<summary>
						Ended since this page was opened <b>{book.recent.length}</b>
					</summary>
					<ul>
						{book.recent.map((a) => (
							<AlertRow key={`${a.fingerprint}@${a.since}`} alert={a} now={now} session={session} silences={silences} />
						))}
					</ul>
				</details>
			)}
		</section>
	);
}

function count(n: Tally): string {
	const parts = [];
	if (n.firing) parts.push(`${n.firing} firing`);
	if (n.pending) parts.push(`${n.pending} pending`);
	if (n.silenced) parts.push(`${n.silenced} silenced`);
	return parts.length ? parts.join(', ') : 'None is pending or firing';
}
