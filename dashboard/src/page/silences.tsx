import { useState } from 'preact/hooks';
import { current, matcherText, type Silence, stateOf, when } from '../alerts/silence';
import { useObservable } from '../observable';
import type { Session } from '../session';

/** SilenceList has the silences in force and those to come, with what can be done about them. */
export function SilenceList({ session }: { session: Session }) {
	const all = useObservable(session.silences.all);
	useObservable(session.frames); // what is left of them shrinks with every tick
	const now = session.tick;
	const shown = current(all ?? [], now);
	if (shown.length === 0) return null;
	const active = shown.filter((s) => stateOf(s, now) === 'active').length;
	return (
		<details class="silences">
			<summary>
				Silences <b>{active}</b> in force
				{shown.length > active && (
					<>
						, <b>{shown.length - active}</b> to come
					</>
				)}
			</summary>
			<ul>
				{shown.map((s) => (
					<Row key={s.id} silence={s} now={now} session={session} />
				))}
			</ul>
		</details>
	);
}

const hour = 3_600_000;

function Row({ silence: s, now, session }: { silence: Silence; now: number; session: Session }) {
	const [busy, setBusy] = useState(false);
	const [fault, setFault] = useState('');
	const act = async (what: () => Promise<void>) => {
		setBusy(true);
		setFault('');
		try {
			await what();
		} catch (cause) {
			setFault(cause instanceof Error ? cause.message : String(cause));
		}
		setBusy(false);
	};
	const extend = (ms: number) => act(() => session.silences.put({ ...s, endsAt: Math.max(s.endsAt, now) + ms }));
	const name = s.comment || s.matchers.map(matcherText).join(' ');
	return (
		<li class={`silence ${stateOf(s, now)}`} data-id={s.id}>
			<span class="labels">
				{s.matchers.map((m) => (
					<code key={matcherText(m)}>{matcherText(m)}</code>
				))}
			</span>
			<span class="what">
				{s.comment}
				<small>{s.configured ? `${s.configured}, in the configuration` : s.createdBy}</small>
			</span>
			<time dateTime={new Date(s.endsAt).toISOString()} title={new Date(s.endsAt).toLocaleString()}>
				{when(s, now)}
			</time>
			{!s.configured && (
				<span class="actions">
					<button type="button" disabled={busy} onClick={() => extend(hour)} aria-label={`+1 h, an hour more: ${name}`}>
						+1 h
					</button>
					<button
						type="button"
						disabled={busy}
						onClick={() => extend(24 * hour)}
						aria-label={`+1 d, a day more: ${name}`}
					>
						+1 d
					</button>
					<button
						type="button"
						disabled={busy}
						onClick={() => act(() => session.silences.expire(s.id))}
						aria-label={`End now: ${name}`}
					>
						End
					</button>
				</span>
			)}
			{fault && (
				<p class="fault" role="alert">
					{fault}
				</p>
			)}
		</li>
	);
}
