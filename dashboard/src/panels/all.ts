import { cores, cpu, load } from './cpu';
import { disk, network, utilisation } from './devices';
import { memory } from './memory';
import type { Panel } from './panel';
import { pressure } from './pressure';

/** The charts, in the order in which they stand on the page. */
export const panels: readonly Panel[] = [cpu, memory, network, cores, load, disk, pressure, utilisation];
