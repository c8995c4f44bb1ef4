import { describe, expect, test } from 'vitest';
import { faulty, type Stage, stage } from '../faults/kit.ts';
import { rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { eventually, within } from '../kit/timing.ts';
import { byStatus, type Fault, limitsFor } from './faults.ts';
import { inTurn, json } from './kit.ts';
import { agreed, askForSocket, message, socketPath } from './websocket-kit.ts';

/** The policies, each alone. The upstream is well again when it is asked twice. */
const policies = {
  retry: { retry: { attempts: 2, backoff: { base: '1ms' } } },
  fallback: { fallback: [{ upstream: 'spare' }] },
  cache: { cache: { mode: 'read-through', fresh: '1h', any: true } },
  degrade: { degrade: {} },
} as const;

type PolicyName = keyof typeof policies;

/** What the agent gets of an upgrade, a first message or a status, and how its call counts. */
type Told = readonly [told: string, outcome: string];

/** The verdict of the attempt that fails, and what comes of it in the order of the policies: retry, fallback, cache, degrade. */
type Expected = readonly [verdict: string, ...told: [Told, Told, Told, Told]];

const again: Told = ['main again', 'retried'];
const moved: Told = ['spare', 'fell-back'];

/** A retry and a fallback mend it; cache and degrade do not touch it. */
const mended = (verdict: string, ...told: Told): Expected => [verdict, again, moved, told, told];
/** A fallback alone mends it. */
const movedOnly = (verdict: string, ...told: Told): Expected => [verdict, told, moved, told, told];
/** No policy touches it. */
const left = (verdict: string, ...told: Told): Expected => [verdict, told, told, told, told];

/** What an upstream does in place of agreeing to an upgrade. */
const refusals = {
  ...byStatus,
  'a reset': { bytes: '', leaves: 'reset' },
  'a closed connection': { bytes: '', leaves: 'fin' },
  silence: { bytes: '', leaves: 'stay' },
  'half a head': { bytes: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs', leaves: 'fin' },
  'a head that stalls': { bytes: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs', leaves: 'stay' },
  'an error that stalls': { bytes: byStatus['status 503'].bytes.slice(0, -3), leaves: 'stay' },
  'no HTTP': { bytes: 'SSH-2.0-OpenSSH\r\n', leaves: 'fin' },
  'a 200': { bytes: json('200 OK', { no: 'WebSockets here' }), leaves: 'next' },
} as const satisfies Record<string, Fault>;

const afterRefusal: Record<keyof typeof refusals, Expected> = {
  'status 500': mended('server-error', '500', 'upstream-error'),
  'status 503': mended('overloaded', '503', 'upstream-error'),
  'status 429': mended('rate-limited', '429', 'upstream-error'),
  // Asking the same upstream again does not help.
  'status 429 for a spent quota': movedOnly('quota-exhausted', '429', 'client-error'),
  'status 404 for a model': movedOnly('model-unavailable', '404', 'client-error'),
  'status 400 for a long context': movedOnly('context-length', '400', 'client-error'),
  'status 400': left('client-error', '400', 'client-error'),
  'status 401': left('auth', '401', 'client-error'),
  'a reset': mended('network', '502', 'upstream-error'),
  'a closed connection': mended('network', '502', 'upstream-error'),
  silence: mended('timeout', '504', 'timeout'),
  'half a head': mended('network', '502', 'upstream-error'),
  'a head that stalls': mended('timeout', '504', 'timeout'),
  'an error that stalls': mended('overloaded', '503', 'upstream-error'),
  'no HTTP': mended('network', '502', 'upstream-error'),
  // The upstream takes it for any other call.
  'a 200': left('ok', '200', 'ok'),
};

const injections = {
  'a delay': { kind: 'delay', for: '1ms' },
  'a delay above the limit': { kind: 'delay', for: '1h' },
  'a status': { kind: 'status', status: 529 },
  'a status that is the agent’s own to mend': { kind: 'status', status: 400 },
  'a reset': { kind: 'reset' },
  'a refused connection': { kind: 'refuse' },
  'a timeout': { kind: 'timeout' },
  'a timeout of the connection': { kind: 'timeout', phase: 'connect' },
  'a cut': { kind: 'cut' },
  'a stall': { kind: 'stall' },
  'a slow drip': { kind: 'slow-drip' },
  'malformed bytes': { kind: 'malformed' },
  'an error in the answer': { kind: 'in-band-error' },
  'an empty 200': { kind: 'empty-200' },
  'a truncated body': { kind: 'truncate' },
} as const;

const untouched = left('ok', 'main again', 'ok');

const afterInjection: Record<keyof typeof injections, Expected> = {
  'a delay': untouched,
  'a delay above the limit': mended('timeout', '504', 'timeout'),
  'a status': mended('overloaded', '529', 'upstream-error'),
  'a status that is the agent’s own to mend': left('client-error', '400', 'client-error'),
  'a reset': mended('network', '502', 'upstream-error'),
  'a refused connection': mended('network', '502', 'upstream-error'),
  'a timeout': mended('timeout', '504', 'timeout'),
  'a timeout of the connection': mended('timeout', '504', 'timeout'),
  // A tunnel has no body that these could hit.
  'a cut': untouched,
  'a stall': untouched,
  'a slow drip': untouched,
  'malformed bytes': untouched,
  'an error in the answer': untouched,
  'an empty 200': untouched,
  'a truncated body': untouched,
};

/** What is told of as injected; the others have found nothing to hit. */
const hitting = new Set<string>(['delay', 'status', 'reset', 'refuse', 'timeout']);

/** Of one half, drawn with this seed, the first attempt at each upstream goes well, the second is hit, the third is not. */
const seed = 1;

/** A row for every fault and policy. */
function rows<Name extends string, Of>(faults: Readonly<Record<Name, Of>>, table: Readonly<Record<Name, Expected>>) {
  return (Object.keys(faults) as Name[]).flatMap((name) => {
    const [verdict, ...told] = table[name];
    return (Object.keys(policies) as PolicyName[]).map((policy, index) => [name, policy, verdict, ...told[index]!, faults[name]] as const);
  });
}

describe('a WebSocket whose upgrade', () => {
  test.each(rows(refusals, afterRefusal))(
    'meets %s is, with %s, judged as %s and told %s (%s)',
    async (_, policy, verdict, ...expected) => {
      const [told, outcome, fault] = expected;
      const it = await stage({ ...upstreams(fault), policy: policyOf(policy, fault.leaves === 'stay') });
      await firstSocket(it);
      const asked = await askForSocket(it.product);
      expect([asked.told, asked.ledger]).toEqual([told, ledgerOf(told, verdict)]);
      await over(it, asked, outcome, policy);
    },
  );

  test.each(rows(injections, afterInjection))(
    'is hit by %s on purpose is, with %s, judged as %s and told %s (%s)',
    async (_, policy, verdict, ...expected) => {
      const [told, outcome, { kind }] = expected;
      const [, , fault] = expected;
      const chaos = { enabled: true, seed, faults: [{ ...fault, share: '50%', path: `${socketPath}*` }] };
      const it = await stage({ ...upstreams(), policy: { ...policyOf(policy, verdict === 'timeout'), chaos } });
      await firstSocket(it);
      const asked = await askForSocket(it.product);
      const hits = hitting.has(kind);
      expect([asked.told, asked.ledger]).toEqual([told, ledgerOf(told, verdict, hits ? `;fault=${kind}` : '')]);
      const counted = await over(it, asked, outcome, policy);
      expect(counted(`faults_injected_total{upstream="main",fault="${kind}"}`)).toBe(hits ? 1 : 0);
    },
  );
});

test('a WebSocket whose upgrade is refused is told so although there are words for plain HTTP', async () => {
  const it = await stage({
    main: faulty((connection) => {
      connection.send(byStatus['status 503'].bytes);
      return 'next';
    }),
    policy: { degrade: { body: { text: 'never in place of a WebSocket' } } },
    upstream: { dialect: 'http' },
  });
  expect((await askForSocket(it.product)).told).toBe('503');
  await it.aftermath({ 'upstream-error': 1 });
});

test('a WebSocket whose upgrade is refused does not move to a model, as it names none', async () => {
  const main = faulty((connection) => {
    connection.send(byStatus['status 503'].bytes);
    return 'next';
  });
  const it = await stage({ main, policy: { fallback: [{ upstream: 'spare', model: 'llama' }] } });
  const { told, ledger } = await askForSocket(it.product);
  expect([told, ledger]).toEqual(['503', 'main;verdict=overloaded, spare/llama;skipped="model cannot be changed"']);
  const counted = await it.aftermath({ 'upstream-error': 1 });
  expect(counted('fallbacks_exhausted_total{upstream="main"}')).toBe(1);
});

test('a WebSocket whose upgrade is refused does not move to another wire format', async () => {
  const main = await rawUpstream(inTurn(byStatus['status 503'].bytes));
  const spare = await rawUpstream(inTurn(byStatus['status 500'].bytes));
  const product = await sidecar({
    upstreams: { main: { url: main.url, dialect: 'openai' }, spare: { url: spare.url, dialect: 'anthropic' } },
    policies: { llm: { fallback: [{ upstream: 'spare', model: 'claude', maxTokens: 100 }] } },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
  });
  const { told, ledger } = await askForSocket(product);
  expect([told, ledger]).toEqual(['503', expect.stringMatching(/^main;verdict=overloaded, spare\/claude;skipped="/)]);
  expect(spare.requests).toHaveLength(0);
});

/** The second upgrade meets the fault, if there is one. */
function upstreams(fault?: Fault) {
  const main = faulty((connection, asked, head) => {
    if (fault === undefined || asked !== 1) {
      connection.send(agreed(head) + message(asked === 0 ? 'main' : 'main again'));
      return undefined;
    }
    connection.send(fault.bytes);
    if (fault.leaves === 'reset') connection.reset();
    if (fault.leaves === 'fin') connection.halfClose();
    return fault.leaves === 'next' ? 'next' : undefined;
  });
  const spare = faulty((connection, _, head) => {
    connection.send(agreed(head) + message('spare'));
    return undefined;
  });
  return { main, spare };
}

function policyOf(name: PolicyName, silent: boolean) {
  return { timeout: limitsFor(silent), bulkhead: { concurrent: 1, queue: 0 }, ...policies[name] };
}

/** A WebSocket that goes well and is closed: the cache has had its chance, and the one place is free again. */
async function firstSocket(it: Stage): Promise<void> {
  const { told, socket } = await askForSocket(it.product);
  expect(told).toBe('main');
  socket.terminate();
  await eventually('its place is free', async () => (await it.metrics())('bulkhead_in_use{upstream="main"}') === 0);
}

function ledgerOf(told: string, verdict: string, fault = ''): string {
  const first = `main;verdict=${verdict}${fault}`;
  if (told === 'main again' && verdict !== 'ok') return `${first}, main;verdict=ok`;
  return told === 'spare' ? `${first}, spare;verdict=ok` : first;
}

async function over(it: Stage, { socket, closed }: Awaited<ReturnType<typeof askForSocket>>, outcome: string, policy: PolicyName) {
  socket.terminate();
  await within(1_000, closed, 'the end of the WebSocket');
  const counted = await it.aftermath(outcome === 'ok' ? { ok: 2 } : { ok: 1, [outcome]: 1 });
  const bypassed = policy === 'cache' ? 2 : 0;
  const asides = [
    'degraded_total{kind="message"}',
    ...['hit', 'stale', 'bypass'].map((result) => `cache_requests_total{result="${result}"}`),
  ];
  expect(asides.map(counted)).toEqual([0, 0, 0, bypassed]);
  return counted;
}
