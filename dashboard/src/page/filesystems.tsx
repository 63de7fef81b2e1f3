import { format } from '../format';
import { useObservable } from '../observable';
import type { Mount } from '../panels/filesystems';
import type { Session } from '../session';
import { Meter } from './meter';

/** Filesystems has a row for every mount, never averaged. */
export function Filesystems({ session }: { session: Session }) {
	const mounts = useObservable(session.mounts);
	return (
		<section class="card files" id="panel-filesystems" aria-label="File systems">
			<header>
				<h2>File systems</h2>
			</header>
			{mounts?.length ? <Rows mounts={mounts} /> : <p class="absent">{why(mounts)}</p>}
		</section>
	);
}

function why(mounts: Mount[] | null): string {
	if (mounts === null) return 'Waiting for the first reading…';
	return 'No node_filesystem_size_bytes: is the filesystem collector switched off, or does it exclude every mount?';
}

function Rows({ mounts }: { mounts: Mount[] }) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
		<div class="scroll" tabIndex={0} role="group" aria-label="Mounts">
			<table>
				<thead>
					<tr>
						<th>Mount</th>
						<th class="wide">Used</th>
						<th class="n">Free</th>
						<th class="n">Size</th>
						<th class="n">Inodes</th>
					</tr>
				</thead>
				<tbody>
					{mounts.map((m) => (
						<tr key={m.key}>
							<th scope="row" title={`${m.mountpoint}: ${m.fstype} on ${m.device}`}>
								<span class="name">{m.mountpoint}</span>
								<small>
									{m.fstype}
									{m.readonly ? ', read-only' : ''}
								</small>
							</th>
							<td class="wide">
								<span class="pair">
									<Meter level={m.full / 100} />
									{format(m.full, 'percent')}
								</span>
							</td>
							<td class="n">{format(m.avail, 'bytes')}</td>
							<td class="n">{format(m.size, 'bytes')}</td>
							<td class="n">{m.inodes === null ? '–' : format(m.inodes, 'percent')}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}
