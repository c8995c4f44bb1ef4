import { z } from 'zod';
import { AdminError } from './admin/admin-error.ts';
import { type AdminRoute, json } from './admin/route.ts';
import type { Incident } from './alerts/incident.ts';
import { incidentReport, incidentView, reportMarkdown } from './alerts/incident-report.ts';
import { matcher } from './alerts/settings.ts';
import { newSilence, type Silence } from './alerts/silences.ts';
import type { ActiveAlerts } from './alerts-of.ts';
import type { Clock } from './core/clock.ts';
import { isoTime } from './core/iso-time.ts';
import { duration } from './settings/units.ts';
import { redacted } from './without-secrets.ts';

const person = z.string().min(1).max(100).default('api');
const words = z.string().max(500).default('');
const longestSilenceMs = 90 * 24 * 3_600_000;
const span = duration.refine((ms) => ms > 0 && ms <= longestSilenceMs, 'expected more than 0s and at most 90d');

const acknowledging = z.strictObject({ by: person });
const resolving = z.strictObject({ by: person, note: words });
const silencing = z.strictObject({ by: person, for: span, comment: words });
const newSilenceBody = silencing.extend({ match: matcher });

/** `/api/incidents` and `/api/silences`. `active` is undefined where no alerts are configured. */
export function alertRoutes(active: () => ActiveAlerts | undefined, clock: Clock): AdminRoute[] {
  const alerts = () => {
    const now = active();
    if (!now) throw new AdminError('not_found', 'no alerts are configured');
    return now;
  };
  const found = (id: string | undefined): Incident => {
    const incident = alerts().engine.incident(id ?? '');
    if (!incident) throw new AdminError('not_found', 'there is no incident of this id, or not any more');
    return incident;
  };
  const add = async (silence: Silence) => {
    if (!(await alerts().engine.addSilence(silence))) throw new AdminError('bad_request', 'there are too many silences; remove some first');
    return json(redacted(silenceView(silence)), 201);
  };
  const reportOf = (incident: Incident) => redacted(incidentReport(incident, alerts().runbook.section(incident.on)));

  return [
    get('/api/incidents', () => json(redacted({ incidents: listed([...(active()?.engine.incidents() ?? [])]) }))),
    get('/api/incidents/{id}', (id) => json(reportOf(found(id)))),
    get('/api/incidents/{id}/report', (id) => {
      return { status: 200, type: 'text/markdown; charset=utf-8', text: reportMarkdown(reportOf(found(id))) };
    }),
    post('/api/incidents/{id}/ack', acknowledging, async ({ by }, id) => {
      const incident = found(id);
      await alerts().engine.acknowledge(incident, by);
      return json(redacted(incidentView(incident)));
    }),
    post('/api/incidents/{id}/resolve', resolving, async ({ by, note }, id) => {
      const incident = found(id);
      await alerts().engine.resolve(incident, by, note === '' ? by : `${by}: ${note}`);
      return json(redacted(incidentView(incident)));
    }),
    post('/api/incidents/{id}/silence', silencing, ({ by, for: forMs, comment }, id) => {
      const { on, upstream, agent } = found(id);
      // What it is about exactly: an asterisk in a name would match more, and that is no harm.
      const match = { on, ...(upstream !== undefined && { upstream }), ...(agent !== undefined && { agent }) };
      return add(newSilence(match, clock.wall(), forMs, comment, by));
    }),
    get('/api/silences', () => json(redacted({ silences: (active()?.engine.silences() ?? []).map(silenceView) }))),
    post('/api/silences', newSilenceBody, ({ match, by, for: forMs, comment }) => add(newSilence(match, clock.wall(), forMs, comment, by))),
    post('/api/silences/{id}/remove', z.strictObject({}), async (_, id = '') => {
      if (!(await alerts().engine.removeSilence(id))) throw new AdminError('not_found', 'there is no silence of this id that was set here');
      return json({ removed: id });
    }),
    post('/api/channels/{id}/test', z.strictObject({}), async (_, id = '') => {
      const delivery = await alerts().engine.test(id);
      if (!delivery) throw new AdminError('not_found', 'there is no channel of this name');
      return json(delivery);
    }),
  ];
}

/** What is open first, then by priority, then the latest. */
function listed(incidents: readonly Incident[]) {
  return incidents
    .map(incidentView)
    .toSorted(
      (a, b) =>
        Number(a.status === 'resolved') - Number(b.status === 'resolved') || b.priority - a.priority || b.since.localeCompare(a.since),
    );
}

function silenceView({ id, match, fromMs, untilMs, comment, by }: Silence) {
  const isOpenEnded = untilMs === Number.MAX_SAFE_INTEGER;
  return { id, match, from: isoTime(fromMs), until: isOpenEnded ? undefined : isoTime(untilMs), comment, by };
}

function get(path: string, handle: (id: string | undefined) => ReturnType<AdminRoute['handle']>): AdminRoute {
  return { method: 'GET', path, handle: ({ params }) => handle(params['id']) };
}

function post<Body>(
  path: string,
  schema: z.ZodType<Body>,
  handle: (body: Body, id: string | undefined) => ReturnType<AdminRoute['handle']>,
): AdminRoute {
  return {
    method: 'POST',
    path,
    handle({ body, params }) {
      const parsed = schema.safeParse(body);
      if (parsed.success) return handle(parsed.data, params['id']);
      const [issue] = parsed.error.issues;
      throw new AdminError('bad_request', `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'cannot be read'}`);
    },
  };
}
