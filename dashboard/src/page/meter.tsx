/** Meter is a bar that is calm while there is room, and warns when there is little. */
export function Meter({ level }: { level: number }) {
	const full = Math.min(1, Math.max(0, level));
	const tone = level >= 0.9 ? 'bad' : level >= 0.75 ? 'warn' : 'good';
	return (
		<span class={`meter ${tone}`} aria-hidden="true">
			<i style={{ width: `${(full * 100).toFixed(1)}%` }} />
		</span>
	);
}
