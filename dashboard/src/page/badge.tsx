import { useEffect, useState } from 'preact/hooks';
import { useObservable } from '../observable';
import type { Session } from '../session';
import type { ConnectionStatus } from '../stream/connection';

/** Badge says whether what is shown is the present. */
export function Badge({ session }: { session: Session }) {
	const status = useObservable(session.status);
	const hello = useObservable(session.hello);
	useSeconds(status.phase === 'reconnecting');
	const { word, detail } = words(status, hello?.interval ?? 1000, performance.now());
	return (
		<div class={`badge ${status.phase}`} role="status" data-phase={status.phase} title={detail}>
			<i />
			<b>{word}</b>
			<span>{detail}</span>
			{status.phase === 'reconnecting' && (
				<button type="button" onClick={() => session.wake()}>
					Now
				</button>
			)}
		</div>
	);
}

export function words(s: ConnectionStatus, interval: number, now: number): { word: string; detail: string } {
	switch (s.phase) {
		case 'connecting':
			return { word: 'Connecting', detail: '' };
		case 'live':
			return { word: 'Live', detail: `every ${interval / 1000} s` };
		case 'stale':
			return { word: 'Stale', detail: `connected, but no tick for ${Math.round(s.since / 1000)} s` };
		case 'reconnecting': {
			const left = Math.max(0, Math.ceil((s.at - now) / 1000));
			return { word: 'Reconnecting', detail: `${s.reason}; again in ${left} s` };
		}
	}
}

function useSeconds(on: boolean): void {
	const [, set] = useState(0);
	useEffect(() => {
		if (!on) return;
		const timer = setInterval(() => set((n) => n + 1), 1000);
		return () => clearInterval(timer);
	}, [on]);
}
