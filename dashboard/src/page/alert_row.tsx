import { useRef, useState } from 'preact/hooks';
import type { Alert } from '../alerts/book';
import { described, type Point, path } from '../alerts/evidence';
import { type Silence, silencedText } from '../alerts/silence';
import { lasted, moment, plain } from '../format';
import type { Session } from '../session';
import { SilenceForm } from './silence_form';

const told = new Set(['alertname', 'severity', 'instance', 'job']);

interface Props {
	alert: Alert;
	now: number;
	session: Session;
	silences: readonly Silence[] | null;
}

/** AlertRow is one alert, and the form that silences it. */
export function AlertRow({ alert: a, now, session, silences }: Props) {
	const [asking, ask] = useState(false);
	const button = useRef<HTMLButtonElement>(null);
	const labels = Object.entries(a.labels).filter(([name]) => !told.has(name));
	const ended = a.state !== 'pending' && a.state !== 'firing';
	const silenced = !ended && a.silencedBy.length > 0;
	return (
		<li class={`alert ${a.state} ${silenced ? 'silenced' : ''}`} data-fingerprint={a.fingerprint}>
			<span class="state">{a.state}</span>
			<span class="what">
				<b>{a.name}</b>
				{a.severity && <span class={`severity ${known(a.severity)}`}>{a.severity}</span>}
				<span class="summary">{a.summary}</span>
			</span>
			<Evidence points={a.evidence} />
			<span class="value" title={`The value of the rule's expression: ${a.value}`}>
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
				{silenced && <em class="quiet">{silencedText(a.silencedBy, silences, now)}</em>}
				<Marks alert={a} />
			</span>
			{!ended && !silenced && (
				<button
					ref={button}
					type="button"
					class="silence-it"
					aria-expanded={asking}
					aria-label={`Silence ${a.name}`}
					onClick={() => ask(!asking)}
				>
					Silence…
				</button>
			)}
			{asking && !silenced && (
				<SilenceForm
					labels={a.labels}
					silences={session.silences}
					now={() => session.tick}
					onDone={() => {
						ask(false);
						button.current?.focus();
					}}
				/>
			)}
		</li>
	);
}

function known(severity: string): string {
	return ['critical', 'error', 'warning', 'info'].includes(severity) ? severity : '';
}

const width = 96;
const height = 20;

/** Evidence is the last minute before the alert fired, as a small line. */
function Evidence({ points }: { points: readonly Point[] | null }) {
	if (!points) return <span class="evidence" />;
	const text = `The minute before it fired: ${described(points)}`;
	return (
		<svg class="evidence" viewBox={`-1 -1 ${width + 2} ${height + 2}`} role="img" aria-label={text}>
			<title>{text}</title>
			<path d={path(points, width, height)} />
		</svg>
	);
}

/** What else is to be known of an alert: that the disk does not have it yet, that nobody could be told. */
function Marks({ alert: a }: { alert: Alert }) {
	const d = a.delivery;
	return (
		<>
			{!a.durable && <em title="Announced, but not on disk yet">not durable</em>}
			{a.stale && <em title="A collector that it needs fails; it keeps its state">stale</em>}
			{a.flapping && <em title="It comes and goes too often; it counts as firing until it is calm">flapping</em>}
			{d?.ok && <em class="good">{d.hook} notified</em>}
			{d && !d.ok && (
				<em class="bad" title={d.error ?? ''}>
					{d.hook} not notified{d.givenUp ? ', given up' : `, ${d.attempts} tried`}
				</em>
			)}
		</>
	);
}
