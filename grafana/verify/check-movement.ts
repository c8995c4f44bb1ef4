import { ownFamilies } from './metric-names.ts';
import type { Prometheus, Range } from './prometheus.ts';

/** Metrics that a sound sidecar never moves, or that the scenario cannot bring about. */
const still: Readonly<Record<string, string>> = {
  outrigger_bugs_total: 'counts our own bugs',
  outrigger_journal_errors_total: 'counts our own bugs',
  outrigger_event_stream_dropped_total: 'wants a reader of the live journal that has stopped reading for long',
  outrigger_log_dropped_total: 'wants a reader of the log that is too slow',
};

/**
 * Which of our metrics the scenario has not moved: a counter or a histogram that has counted nothing, a gauge that was never above 0. A panel
 * that shows 0 all the time proves nothing.
 */
export async function motionless(prometheus: Pick<Prometheus, 'range'>, range: Range, families = ownFamilies): Promise<string[]> {
  const moved = await Promise.all(
    families
      .filter(({ name }) => !(name in still))
      .map(async ({ name, type }) => {
        const series = await prometheus.range(type === 'histogram' ? `${name}_count` : name, range);
        return series.some(({ values }) => values.some(([, value]) => Number(value) > 0))
          ? undefined
          : `${name} was never moved by the scenario`;
      }),
  );
  return moved.filter((problem) => problem !== undefined);
}
