import { type Alert, sorted } from '../alerts/book';
import { lasted, moment, plain } from '../format';
import { useObservable } from '../observable';
import type { Session } from '../session';

/** AlertList has every alert that is pending or firing, and those that ended while the page looked. */
export function AlertList({ session }: { session: Session }) {
	const book = useObservable(session.book);
	const known = useObservable(session.alertsKnown);
	useObservable(session.frames); // how long they have lasted grows with every tick
	const active = sorted(book);
	const now = Math.max(session.tick, ...active.map((a) => a.since));
	const firing = active.filter((a) => a.state === 'firing').length;
	const pending = active.length - firing;
	const tone = firing ? 'firing' : pending ? 'pending' : 'calm';
	return (
		<section class={`card alerts ${tone}`} id="alerts" aria-label="Alerts">
			<header>
				<h2>Alerts</h2>
				<p role="status">{known || active.length ? count(firing, pending) : 'Not known yet'}</p>
			</header>
			{active.length > 0 && (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
				<ul class="scroll" tabIndex={0}>
					{active.map((a) => (
						<Row key={a.fingerprint} alert={a} now={now} />
					))}
				</ul>
			)}
			{book.recent.length > 0 && (
				<details>
					<summary>
						Ended since this page was opened <b>{book.recent.length}</b>
					</summary>
					<ul>
						{book.recent.map((a) => (
							<Row key={`${a.fingerprint}@${a.since}`} alert={a} now={now} />
						))}
					</ul>
				</details>
			)}
		</section>
	);
}

function count(firing: number, pending: number): string {
	if (!firing && !pending) return 'None is pending or firing';
	const parts = [];
	if (firing) parts.push(`${firing} firing`);
	if (pending) parts.push(`${pending} pending`);
	return parts.join(', ');
}

const told = new Set(['alertname', 'severity', 'instance', 'job']);

function Row({ alert: a, now }: { alert: Alert; now: number }) {
	const labels = Object.entries(a.labels).filter(([name]) => !told.has(name));
	const ended = a.state !== 'pending' && a.state !== 'firing';
	return (
		<li class={`alert ${a.state}`} data-fingerprint={a.fingerprint}>
			<span class="state">{a.state}</span>
			<span class="what">
				<b>{a.name}</b>
				{a.severity && <span class={`severity ${known(a.severity)}`}>{a.severity}</span>}
				<span class="summary">{a.summary}</span>
			</span>
			<span class="value" title="The value of the rule's expression">
				{plain(a.value)}
			</span>
			<time dateTime={new Date(a.since).toISOString()} title={new Date(a.since).toLocaleString()}>
				{ended ? moment(a.since, now) : `for ${lasted(now - a.since)}`}
			</time>
			<span class="labels">
				{labels.map(([name, value]) => (
					<code key={name}>
						{name}={value}
					</code>
				))}
				<Marks alert={a} />
			</span>
		</li>
	);
}

function known(severity: string): string {
	return ['critical', 'error', 'warning', 'info'].includes(severity) ? severity : '';
}

/** What else is to be known of an alert: that the disk does not have it yet, that nobody could be told. */
function Marks({ alert: a }: { alert: Alert }) {
	const d = a.delivery;
	return (
		<>
			{!a.durable && <em title="Announced, but not on disk yet">not durable</em>}
			{a.flapping && <em title="It comes and goes too often; it counts as firing until it is calm">flapping</em>}
			{a.stale && <em title="A collector that it needs fails; it keeps its state">stale</em>}
			{d?.ok && <em class="good">{d.hook} notified</em>}
			{d && !d.ok && (
				<em class="bad" title={d.error ?? ''}>
					{d.hook} not notified{d.givenUp ? ', given up' : `, ${d.attempts} tried`}
				</em>
			)}
		</>
	);
}
