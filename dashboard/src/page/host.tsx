import { useEffect, useState } from 'preact/hooks';
import { queryNow } from '../data/history';
import { lasted } from '../format';
import { useObservable } from '../observable';
import type { Session } from '../session';
import type { Labels } from '../stream/messages';

interface Facts {
	uname: Labels;
	booted: number | null; // ms
}

const query = '{__name__=~"node_uname_info|node_boot_time_seconds"}';

/** About names the host and says what it runs and since when. */
export function About({ session }: { session: Session }) {
	const hello = useObservable(session.hello);
	const [facts, set] = useState<Facts | null>(null);
	useEffect(() => {
		if (!hello) return;
		const abort = new AbortController();
		queryNow(query, abort.signal).then(
			(found) => {
				const named = (name: string) => found.find((e) => e.labels.__name__ === name);
				const booted = named('node_boot_time_seconds')?.points[0]?.[1];
				set({ uname: named('node_uname_info')?.labels ?? {}, booted: booted ? booted * 1000 : null });
			},
			() => {}, // the name alone will do
		);
		return () => abort.abort();
	}, [hello]);

	const { sysname, release, machine } = facts?.uname ?? {};
	return (
		<div class="about">
			<h1>{hello?.instance ?? 'monitord'}</h1>
			<p>
				{release && <span>{`${sysname ?? ''} ${release} ${machine ?? ''}`.trim()}</span>}
				{facts?.booted && hello && <span>up {lasted(hello.t - facts.booted)}</span>}
			</p>
		</div>
	);
}
