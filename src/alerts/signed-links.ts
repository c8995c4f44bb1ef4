import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Notice } from './channel.ts';
import type { Incident } from './incident.ts';

/** What a link does once its form is sent; `show` has no form. */
export const linkActions = ['show', 'acknowledge', 'resolve', 'resume'] as const;
export type LinkAction = (typeof linkActions)[number];

/** Of an incident, what links to it are about. */
export type LinkedIncident = Pick<Incident, 'id' | 'reopened' | 'on' | 'agent' | 'status'>;

/** The parts of a link, as they stand in its path. */
export interface LinkParts {
  readonly incident: string;
  readonly action: string;
  /** How often the incident had come back when the link was made. */
  readonly round: string;
  /** Seconds since the Unix epoch. */
  readonly expires: string;
  readonly signature: string;
}

const lifetimeMs = 48 * 3_600_000;

/** The path of links, behind which their parts follow in this order. */
export const linkPath = '/links/{incident}/{action}/{round}/{expires}/{signature}';

/**
 * Links to an incident: one for each thing that may be done about it, good for two days and until the incident has come back,
 * so that an old one does not act on what is new. None where nobody has said how the admin port is reached from outside.
 */
export function linksTo(incident: LinkedIncident, publicUrl: string | undefined, key: Uint8Array, nowMs: number): Notice['links'] {
  if (publicUrl === undefined) return {};
  const link = (action: LinkAction) => urlOf(incident, action, publicUrl, key, nowMs);
  const { status, on, agent } = incident;
  return {
    incident: link('show'),
    ...(status === 'firing' && { acknowledge: link('acknowledge') }),
    ...(status !== 'resolved' && { resolve: link('resolve') }),
    ...(status !== 'resolved' && on === 'agent-paused' && agent !== undefined && { resume: link('resume') }),
  };
}

/** Whether we made a link, and whether its time is over. */
export function judgeLink(parts: LinkParts, key: Uint8Array, nowMs: number): 'good' | 'expired' | 'forged' {
  const expected = Buffer.from(sign(parts, key));
  const given = Buffer.from(parts.signature);
  if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return 'forged';
  return Number(parts.expires) * 1000 > nowMs ? 'good' : 'expired';
}

function urlOf({ id, reopened }: LinkedIncident, action: LinkAction, publicUrl: string, key: Uint8Array, nowMs: number): string {
  const expires = String(Math.ceil((nowMs + lifetimeMs) / 1000));
  const parts = { incident: id, action, round: String(reopened), expires };
  const path = [id, action, parts.round, expires, sign(parts, key)].map(encodeURIComponent).join('/');
  return `${publicUrl.replace(/\/$/, '')}/links/${path}`;
}

function sign({ incident, action, round, expires }: Omit<LinkParts, 'signature'>, key: Uint8Array): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([incident, action, round, expires]))
    .digest('base64url');
}
