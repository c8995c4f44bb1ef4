import type { Order } from './measurement.ts';
import { nowUs } from './payload.ts';
import { machineCpuUs, processCpuUs } from './processes.ts';

/** A measurement during which other processes used more of a core than this is thrown away and repeated. */
export const foreignLimit = 0.05;

/** What passed between opening and closing a window. */
export interface Elapsed {
  seconds: number;
  /** CPU time of the proxy; NaN when there is none. */
  proxyCpuUs: number;
  foreignShare: number;
}

/** Starts to measure; the function it returns ends the window and says what passed in it. */
export function openWindow({ proxyPid, ownPids }: Pick<Order, 'proxyPid' | 'ownPids'>): () => Elapsed {
  const read = () => ({
    atUs: nowUs(),
    proxyUs: proxyPid === undefined ? Number.NaN : processCpuUs(proxyPid),
    foreignUs: machineCpuUs() - ownPids.reduce((sum, pid) => sum + processCpuUs(pid), 0),
  });
  const start = read();
  return () => {
    const end = read();
    return {
      seconds: (end.atUs - start.atUs) / 1e6,
      proxyCpuUs: end.proxyUs - start.proxyUs,
      foreignShare: Math.max(0, (end.foreignUs - start.foreignUs) / (end.atUs - start.atUs)),
    };
  };
}
