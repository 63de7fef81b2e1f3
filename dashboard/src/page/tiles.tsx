import { useObservable } from '../observable';
import type { Session } from '../session';
import { facts } from './facts';
import { Meter } from './meter';

/** Tiles is the host at a glance. Each leads to its chart. */
export function Tiles({ session }: { session: Session }) {
	useObservable(session.frames);
	const mounts = useObservable(session.mounts);
	return (
		<nav class="tiles" aria-label="Now">
			{facts(session.sources, mounts).map((f) => (
				<a key={f.id} href={`#panel-${f.id}`} class="tile" onClick={(e) => jump(e, f.id)}>
					<span class="label">{f.label}</span>
					<b>{f.value}</b>
					<span class="detail">{f.detail}</span>
					{f.level !== null && <Meter level={f.level} />}
				</a>
			))}
		</nav>
	);
}

// The address already says which time is shown: it is left as it is.
function jump(e: Event, id: string): void {
	e.preventDefault();
	const card = document.getElementById(`panel-${id}`);
	const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
	card?.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'center' });
	card?.querySelector<HTMLElement>('[tabindex]')?.focus({ preventScroll: true });
}
