import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { choices, type Matcher, matcherText, spans } from '../alerts/silence';
import type { Silences } from '../alerts/silences';
import type { Labels } from '../stream/messages';

const authorKey = 'monitord.author';

function author(): string {
	try {
		return localStorage.getItem(authorKey) ?? '';
	} catch {
		return ''; // storage is switched off
	}
}

function remember(name: string): void {
	try {
		localStorage.setItem(authorKey, name);
	} catch {
		// It is asked for the next time.
	}
}

interface Props {
	labels: Labels;
	silences: Silences;
	now: () => number;
	onDone: () => void;
}

/** SilenceForm makes a silence for what an alert is about. */
export function SilenceForm({ labels, silences, now, onDone }: Props) {
	const [offered] = useState(() => choices(labels));
	const [chosen, choose] = useState(() => new Set(offered.filter((c) => c.chosen).map((c) => c.matcher.name)));
	const [span, setSpan] = useState(1);
	const [comment, setComment] = useState('');
	const [who, setWho] = useState(author);
	const [fault, setFault] = useState('');
	const [busy, setBusy] = useState(false);
	const first = useRef<HTMLInputElement>(null);
	const id = useId();
	useLayoutEffect(() => first.current?.focus(), []); // at once: what is typed next is for the form

	const toggle = (name: string) => {
		const next = new Set(chosen);
		if (!next.delete(name)) next.add(name);
		choose(next);
	};
	const submit = async (e: Event) => {
		e.preventDefault();
		if (busy) return;
		const matchers: Matcher[] = offered.map((c) => c.matcher).filter((m) => chosen.has(m.name));
		if (matchers.length === 0) return setFault('Choose at least one label.');
		if (!comment.trim()) return setFault('Say why, for those who will look at it.');
		setBusy(true);
		const startsAt = now();
		const endsAt = startsAt + (spans[span]?.ms ?? 0);
		try {
			await silences.put({ matchers, startsAt, endsAt, createdBy: who.trim(), comment: comment.trim() });
			remember(who.trim());
			onDone();
		} catch (cause) {
			setFault(cause instanceof Error ? cause.message : String(cause));
			setBusy(false);
		}
	};
	return (
		<form
			class="silence-form"
			aria-label={`Silence ${labels.alertname ?? ''}`}
			onSubmit={submit}
			onKeyDown={(e) => {
				if (e.key !== 'Escape') return;
				e.preventDefault();
				onDone();
			}}
		>
			<fieldset class="chips">
				<legend>Alerts with</legend>
				{offered.map(({ matcher }) => (
					<label key={matcher.name}>
						<input type="checkbox" checked={chosen.has(matcher.name)} onChange={() => toggle(matcher.name)} />
						<code>{matcherText(matcher)}</code>
					</label>
				))}
			</fieldset>
			<fieldset class="chips">
				<legend>For</legend>
				{spans.map((s, i) => (
					<label key={s.name} title={s.title}>
						<input type="radio" name={`${id}-span`} checked={i === span} onChange={() => setSpan(i)} />
						<span>{s.name}</span>
					</label>
				))}
			</fieldset>
			<div class="fields">
				<label>
					Why
					<input
						ref={first}
						type="text"
						maxLength={1000}
						required
						value={comment}
						onInput={(e) => setComment(e.currentTarget.value)}
					/>
				</label>
				<label>
					Who
					<input
						type="text"
						maxLength={100}
						autocomplete="username"
						value={who}
						onInput={(e) => setWho(e.currentTarget.value)}
					/>
				</label>
				<button type="submit" class="primary" disabled={busy}>
					Silence for {spans[span]?.title}
				</button>
				<button type="button" onClick={onDone}>
					Cancel
				</button>
			</div>
			{fault && (
				<p class="fault" role="alert">
					{fault}
				</p>
			)}
		</form>
	);
}
