import { demoUpstreams } from './demo-upstreams.ts';

export interface DemoConfigTerms {
  /** Address of the simulated servers. */
  readonly url: string;
  readonly stateDir: string;
  readonly adminToken: string | undefined;
  /** A mail server that takes the alerts as well, as `smtp://HOST:PORT`. */
  readonly smtp: string | undefined;
  /** Whether the sidecar adds faults of its own. */
  readonly gameDay: boolean;
  /** When those end, at the latest. */
  readonly until: string;
}

const circuitBreaker = { failures: 4, cooldown: '3s', cooldownMax: '6s', probes: 1 };
const bulkhead = { concurrent: 6, queue: 6, wait: '2s' };
const budget = { ratio: '40%', minimum: 10 };
const backoff = { strategy: 'exponential', base: '100ms', max: '1s' };
/** A longer wait leads to a fallback. */
const retryAfter = { max: '5s' };
const retry = { attempts: 2, backoff, retryAfter, budget };
const sorry = { messages: { default: ['I could not reach the model just now. I will try again shortly.'] } };

const planning = {
  deadline: '15s',
  timeout: { connect: '500ms', firstByte: '2s', answer: '2s', idle: '2s', hold: '1s' },
  retry: {
    attempts: 3,
    on: ['rate-limited', 'overloaded', 'server-error', 'network', 'timeout', 'invalid-output'],
    backoff,
    retryAfter,
    budget,
    adjust: ['add-context'],
  },
  circuitBreaker,
  bulkhead,
  fallback: [
    { upstream: 'anthropic', model: 'claude-haiku-4-5' },
    { upstream: 'spare', model: 'llama-4' },
  ],
  cache: { mode: 'fallback' },
  degrade: sorry,
  loopDetection: { action: 'pause' },
  validate: {},
};

const talking = {
  deadline: '6s',
  timeout: { connect: '500ms', firstByte: '1s', idle: '1s', hold: '500ms' },
  retry,
  circuitBreaker,
  bulkhead: { concurrent: 3, queue: 1, wait: '300ms' },
  fallback: [{ model: 'gpt-4.1-nano' }],
  degrade: sorry,
};

/**
 * The configuration of the demo: every policy acts now and then. Loops of agents, faults of the servers and the limits
 * here are made for each other.
 */
export function demoConfig({ url, stateDir, adminToken, smtp, gameDay, until }: DemoConfigTerms): object {
  const upstreams = Object.entries(demoUpstreams).map(([name, { format }]) => [
    name,
    { url: `${url}/${name}`, dialect: format, ...(format === 'anthropic' && { headers: { 'anthropic-version': '2023-06-01' } }) },
  ]);
  return {
    admin: adminToken === undefined ? {} : { token: adminToken, hosts: ['outrigger'] },
    state: { dir: stateDir },
    drainTimeout: '5s',
    upstreams: Object.fromEntries(upstreams),
    policies: {
      planning,
      talking,
      reading: {
        deadline: '10s',
        timeout: { connect: '500ms', firstByte: '2s', idle: '2s', hold: '1s' },
        retry,
        circuitBreaker,
        bulkhead,
        degrade: sorry,
      },
      classifying: {
        timeout: { connect: '500ms', answer: '3s' },
        retry,
        circuitBreaker,
        bulkhead,
        cache: { mode: 'read-through', fresh: '5s' },
      },
      tools: {
        timeout: { connect: '500ms', firstByte: '1s', hold: '500ms' },
        retry,
        circuitBreaker: {},
        bulkhead: { concurrent: 4 },
        chaos: {
          enabled: gameDay,
          until,
          seed: 7,
          faults: [
            { kind: 'delay', share: '15%', for: '200ms' },
            { kind: 'status', status: 503, share: '10%' },
          ],
        },
      },
      // A breaker that only tells what it would do.
      searching: {
        timeout: { connect: '500ms', firstByte: '1s', hold: '500ms' },
        retry,
        circuitBreaker: { failures: 2, cooldown: '3s', observe: true },
      },
    },
    routes: [
      { path: '/openai', upstream: 'openai', policy: 'planning' },
      { path: '/anthropic', upstream: 'anthropic', policy: 'reading' },
      { path: '/batch', upstream: 'spare', policy: 'classifying' },
      { path: '/voice', upstream: 'voice', policy: 'talking' },
      { path: '/files', upstream: 'files', policy: 'tools' },
      { path: '/search', upstream: 'search', policy: 'searching' },
    ],
    alerts: alertsTo(url, smtp),
    // More models are asked for than are kept apart.
    telemetry: { log: { level: 'error' }, metrics: { models: 6 } },
  };
}

function alertsTo(url: string, smtp: string | undefined): object {
  const allowPrivate = true;
  const pager = { webhook: { url: `${url}/pager`, secret: 'whsec_dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxs', allowPrivate } };
  const mail = { email: { smtp, from: 'outrigger@example.org', to: ['oncall@example.org'], allowPrivate } };
  const send = smtp === undefined ? ['pager'] : ['pager', 'mail'];
  return {
    groupWait: '1s',
    groupInterval: '10s',
    repeatInterval: '5m',
    channels: { pager, ...(smtp !== undefined && { mail }) },
    rules: [
      { on: 'circuit-open', severity: 'high', send },
      { on: 'agent-paused', severity: 'high', send },
      { on: 'fallback-exhausted', severity: 'medium', send: ['pager'] },
      { on: 'chaos-on', severity: 'low', send: ['pager'] },
    ],
    // Nobody acknowledges in a demo.
    escalation: [
      { after: '0s', send },
      { after: '5s', send: ['pager'] },
    ],
  };
}
