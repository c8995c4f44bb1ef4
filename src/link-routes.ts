import { z } from 'zod';
import type { AdminAnswer, AdminRequest, AdminRoute } from './admin/route.ts';
import { plainLine } from './alerts/channels/plain-text.ts';
import type { Incident } from './alerts/incident.ts';
import { noticeOf } from './alerts/messages.ts';
import { judgeLink, type LinkAction, linkActions, linkPath } from './alerts/signed-links.ts';
import type { ActiveAlerts } from './alerts-of.ts';
import type { Clock } from './core/clock.ts';
import { isoTime } from './core/iso-time.ts';
import { type LinkPage, linkPage } from './link-page.ts';
import { redact } from './telemetry/redact.ts';

export interface LinkRoutesOptions {
  /** Undefined while no alerts are configured. */
  readonly active: () => ActiveAlerts | undefined;
  /** Lets all agents of a name go on; how many that were. */
  readonly resume: (agent: string) => number;
  readonly clock: Clock;
}

const linkParts = z.object({
  incident: z.string(),
  action: z.enum(linkActions),
  round: z.string(),
  expires: z.string(),
  signature: z.string(),
});
const form = z.object({ name: z.string().max(1000).default('') });

const buttons: Readonly<Record<LinkAction, string | undefined>> = {
  show: undefined,
  acknowledge: 'Acknowledge: I take care of it',
  resolve: 'Resolve: it is over',
  resume: 'Let the agent go on',
};

/** The pages that links in alerts lead to: a GET shows what it is about, a POST by its form acts, and acts once. */
export function linkRoutes(options: LinkRoutesOptions): AdminRoute[] {
  return [
    { method: 'GET', path: linkPath, handle: (request) => linkPage(lookUp(request, options).page) },
    { method: 'POST', path: linkPath, form: true, handle: (request) => act(request, options) },
  ];
}

/** Something that may be done, or a page that says why nothing may. */
interface Found {
  readonly page: LinkPage;
  readonly can?: { readonly action: LinkAction; readonly incident: Incident; readonly alerts: ActiveAlerts };
}

function lookUp({ params }: AdminRequest, { active, clock }: LinkRoutesOptions): Found {
  const alerts = active();
  const parsed = linkParts.safeParse(params);
  const verdict = alerts && parsed.success ? judgeLink(parsed.data, alerts.linkKey, clock.wall()) : 'forged';
  const { action = 'show', incident: id = '', round = '' } = parsed.data ?? {};
  const incident = alerts?.engine.incident(id);
  if (verdict === 'forged')
    return nothing(404, 'This link is not valid', 'Perhaps it was cut off on its way. The whole link stands in the message.');
  if (verdict === 'expired') return nothing(410, 'This link is too old', 'Links are good for two days. A newer message has a newer one.');
  if (!alerts || !incident) return nothing(410, 'This incident is gone', 'It was over long ago.');
  if (String(incident.reopened) !== round) {
    return nothing(410, 'This incident has come back since', 'This link is about an earlier time. A newer message has a newer one.');
  }
  const { title, summary, severity, advice } = noticeOf(incident, { advice: (on) => alerts.runbook.advice(on), links: () => ({}) });
  const since = `${incident.status} since ${isoTime(incident.openedMs)}, severity ${severity}, ${incident.count} events`;
  const done = whyDone(action, incident);
  const button = done === undefined ? buttons[action] : undefined;
  const lines = [...(done === undefined ? [] : [done]), summary, since, ...(advice === '' ? [] : [`What to do: ${advice}`])];
  const page = {
    status: 200,
    title: redact(title),
    lines: lines.map((line) => redact(plainLine(line, 1200))),
    ...(button !== undefined && { button }),
  };
  return button === undefined ? { page } : { page, can: { action, incident, alerts } };
}

async function act(request: AdminRequest, options: LinkRoutesOptions): Promise<AdminAnswer> {
  const { page, can } = lookUp(request, options);
  if (!can) return linkPage(page);
  const { action, incident, alerts } = can;
  const name = plainLine(form.safeParse(request.body).data?.name ?? '', 60);
  const by = name === '' ? 'a link' : `${name}, by a link`;
  return linkPage({ status: 200, title: await done(action, incident, alerts, by, options), lines: [page.title] });
}

async function done(
  action: LinkAction,
  incident: Incident,
  { engine }: ActiveAlerts,
  by: string,
  { resume }: LinkRoutesOptions,
): Promise<string> {
  if (action === 'acknowledge') {
    await engine.acknowledge(incident, by);
    return 'Acknowledged. Nobody else is called.';
  }
  if (action === 'resume') {
    const agents = incident.agent === undefined ? 0 : resume(incident.agent);
    await engine.resolve(incident, by, `${by} let the agent go on`);
    return agents === 0 ? 'The agent was not paused any more.' : 'The agent may go on.';
  }
  await engine.resolve(incident, by, by);
  return 'Resolved.';
}

/** Why there is nothing left to do; undefined where there is. */
function whyDone(action: LinkAction, { status, by }: Incident): string | undefined {
  const who = by === undefined ? '' : ` by ${by}`;
  if (action === 'show' || status === 'firing') return undefined;
  if (status === 'resolved') return `It is over: resolved${who}.`;
  return action === 'acknowledge' ? `It is acknowledged already${who}.` : undefined;
}

function nothing(status: number, title: string, line: string): Found {
  return { page: { status, title, lines: [line] } };
}
