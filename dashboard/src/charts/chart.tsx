import { useEffect, useRef, useState } from 'preact/hooks';
import type { Source } from '../data/source';
import { useObservable } from '../observable';
import type { Session } from '../session';
import { colours } from '../theme';
import { ChartView } from './view';

/** Chart is the card of one panel. It draws only while it can be seen. */
export function Chart({ session, source }: { session: Session; source: Source }) {
	const box = useRef<HTMLDivElement>(null);
	const legend = useRef<HTMLDivElement>(null);
	const view = useRef<ChartView | null>(null);
	const [empty, setEmpty] = useState(true);
	const note = useObservable(source.note);
	const { panel } = source;

	useEffect(() => {
		if (!box.current || !legend.current) return;
		const v = new ChartView(box.current, legend.current, source, session);
		view.current = v;
		let seen = true;
		let late = false;
		const draw = () => {
			late = !seen || document.hidden;
			if (late) return;
			v.draw();
			setEmpty(v.empty);
		};
		const sight = new IntersectionObserver((entries) => {
			seen = entries.at(-1)?.isIntersecting ?? true;
			if (seen && late) draw();
		});
		const size = new ResizeObserver(() => v.resize());
		sight.observe(box.current);
		size.observe(box.current);
		const stops = [session.frames.follow(draw), colours.follow(() => v.repaint())];
		draw();
		return () => {
			for (const stop of stops) stop();
			sight.disconnect();
			size.disconnect();
			v.destroy();
		};
	}, [session, source]);

	const key = (e: KeyboardEvent) => {
		const v = view.current;
		if (!v || e.ctrlKey || e.metaKey || e.altKey) return;
		const step = e.shiftKey ? 10 : 1;
		if (e.key === 'ArrowLeft') v.move(-step);
		else if (e.key === 'ArrowRight') v.move(step);
		else return;
		e.preventDefault();
	};

	return (
		<section class="card chart" id={`panel-${panel.id}`} aria-label={panel.title}>
			<header>
				<h2>{panel.title}</h2>
				{panel.above && (
					<small>
						↑ {panel.above} ↓ {panel.under}
					</small>
				)}
				<span class="hint" title={panel.note} role="img" aria-label={panel.note}>
					?
				</span>
			</header>
			<div
				class="plot"
				ref={box}
				role="application"
				aria-label={`${panel.title} chart: arrow keys move the cursor`}
				// biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the cursor
				tabIndex={0}
				onKeyDown={key}
				onBlur={() => view.current?.move(null)}
			>
				{empty && !note.loading && <p class="absent">{note.stream ?? note.history ?? panel.absent}</p>}
				{empty && note.loading && <p class="absent">Reading the history…</p>}
			</div>
			{!empty && (note.stream || note.history) && (
				<p class="fault" role="status">
					{note.stream ?? `The past is missing: ${note.history}`}
				</p>
			)}
			<div ref={legend} />
		</section>
	);
}
