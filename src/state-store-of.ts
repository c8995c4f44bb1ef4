import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Clock } from './core/clock.ts';
import { StateStore } from './store/state-store.ts';

/** The store of a state directory; the log tells where it cannot be used. Nothing is opened yet. */
export function createStateStore(directory: string, clock: Clock, logger: Logger): StateStore {
  return new StateStore(join(directory, 'state.db'), clock, (trouble) => {
    if ('aside' in trouble)
      logger.error(trouble, 'the file of incidents, alerts and pauses was damaged: it was put aside, and a new one begun');
    else logger.error(trouble, 'incidents, alerts and pauses are in memory alone and end with this process');
  });
}
