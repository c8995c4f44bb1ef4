import { AdminError } from './admin/admin-error.ts';
import type { AdminRequest, AdminRoute } from './admin/route.ts';
import type { LiveFilter, LiveItem, LiveJournal } from './telemetry/live-journal.ts';

/** Filters of `/api/events`. */
const filters = { agent: 'agents', upstream: 'upstreams', kind: 'kinds' } as const satisfies Record<string, keyof LiveFilter>;

/** `/api/events`: what happens, as server-sent events. */
export function eventRoutes(journal: LiveJournal): AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/events',
      handle({ query, lastEventId }) {
        const filter = filterOf(query);
        return {
          type: 'text/event-stream; charset=utf-8',
          open(wake) {
            const reader = journal.read(filter, lastEventId, wake);
            return {
              take() {
                const item = reader.take();
                return item && frameOf(item);
              },
              close: () => reader.close(),
            };
          },
        };
      },
    },
  ];
}

/** Each may be given several times, or as a list with commas. */
function filterOf(query: AdminRequest['query']): LiveFilter {
  const unknown = [...query.keys()].find((key) => !Object.hasOwn(filters, key));
  if (unknown !== undefined) {
    throw new AdminError('bad_request', `events are chosen by ${Object.keys(filters).join(', ')}, and not by ${unknown.slice(0, 40)}`);
  }
  const given = Object.entries(filters).map(([key, name]) => [name, query.getAll(key).flatMap((value) => value.split(','))] as const);
  return Object.fromEntries(given.filter(([, values]) => values.length > 0).map(([name, values]) => [name, new Set(values)]));
}

function frameOf(item: LiveItem): string {
  if ('missed' in item) return `event: missed\ndata: {"missed":${item.missed ?? null}}\n\n`;
  return `id: ${item.id}\ndata: ${item.json}\n\n`;
}
