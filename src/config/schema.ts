import { z } from 'zod';
import { publicUrl } from '../admin/settings.ts';
import { alertsSettings } from '../alerts/settings.ts';
import { policySet } from '../policies/index.ts';
import { limits, listen, route, upstream } from '../proxy/settings.ts';
import { address } from '../settings/address.ts';
import { duration } from '../settings/units.ts';
import { healthSettings } from '../telemetry/health/settings.ts';
import { telemetrySettings } from '../telemetry/settings.ts';

/** Also goes into headers as a token of RFC 9651, and into labels. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,63}$/, 'expected a name: a letter, then up to 63 letters, digits, ., _ or -');

const agentName = z.string().regex(/^[a-z0-9._-]{1,64}$/, 'expected an agent name: up to 64 of a-z, 0-9, ., _ and -');

const hostName = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+)(:\d{1,5})?$/, 'expected a host name, with or without a port');

const admin = z.strictObject({
  listen: address.default('127.0.0.1:4142').describe('Where the admin port listens, HOST:PORT. Anything but loopback needs a token.'),
  token: z.string().min(1).optional().describe('Asked for by the page and the API.'),
  hosts: z.array(hostName).default([]).describe('Host names besides loopback under which the admin port may be reached.'),
  publicUrl: publicUrl.optional().describe('How people reach the admin port from outside; links in alerts begin with it.'),
});

const state = z.strictObject({
  dir: z
    .string()
    .min(1)
    .optional()
    .describe('Directory of what outlives the process; $XDG_STATE_HOME/outrigger or ~/.local/state/outrigger unless set.'),
});

const agent = policySet.extend({
  keys: z.array(z.string().min(1)).default([]).describe('Credentials that this agent is known by.'),
});

/** The whole configuration file. Unknown keys are errors everywhere. */
export const configSchema = z
  .strictObject({
    listen: listen.prefault('127.0.0.1:4141').describe('Where agents connect to: HOST:PORT, or address, cert and key for TLS.'),
    admin: admin.prefault({}).describe('The admin port: page, API, metrics and health.'),
    state: state.prefault({}).describe('What outlives the process.'),
    responseHeaders: z.boolean().default(true).describe('Add x-outrigger-* and server-timing headers to responses.'),
    clientRetries: z
      .enum(['suppress', 'allow'])
      .default('suppress')
      .describe('suppress: tell clients not to retry what the sidecar has retried already.'),
    drainTimeout: duration.prefault('30s').describe('How long calls in flight may take to end after SIGTERM.'),
    limits: limits.prefault({}).describe('Bounds on what agents may send.'),
    upstreams: z.record(name, upstream).describe('LLM providers and tools, by name.'),
    policies: z.record(name, policySet).default({}).describe('Policy sets, by name. A policy that a set does not name does not act.'),
    routes: z.array(route).min(1, 'expected at least one route').describe('Which path goes to which upstream; the longest match wins.'),
    agents: z
      .record(agentName, agent)
      .default({})
      .describe("What holds for single agents, merged over the route's policy set; default is for all that are not named."),
    health: healthSettings.prefault({}).describe('From when on /api/health warns; docs/health.md.'),
    alerts: alertsSettings.optional().describe('Who is told when something is wrong; docs/alerts.md.'),
    telemetry: telemetrySettings.prefault({}).describe('Logs and metrics.'),
  })
  .meta({ title: 'Outrigger configuration', description: 'What the sidecar forwards where, and with which policies.' });
