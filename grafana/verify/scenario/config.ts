/** Where the scripted peers of the scenario listen. */
export interface Peers {
  readonly provider: string;
  readonly files: string;
  readonly realtime: string;
}

const backoff = { strategy: 'exponential', base: '30ms', max: '300ms', jitter: 'none' };
const plentiful = { ratio: '100%', minimum: 1000 };
const circuitBreaker = { failures: 3, minimum: 1000, cooldown: '3s', probes: 1 };

/** A configuration in which every policy stands somewhere, with limits so short that all of them act within seconds. */
export function scenarioConfig({ provider, files, realtime }: Peers, stateDirectory: string): Record<string, unknown> {
  const upstream = (name: string, dialect: string) => ({ url: `${provider}/${name}`, dialect });
  return {
    listen: '127.0.0.1:0',
    admin: { listen: '127.0.0.1:0' },
    state: { dir: stateDirectory },
    upstreams: {
      openai: upstream('openai', 'openai'),
      anthropic: upstream('anthropic', 'anthropic'),
      spare: { ...upstream('spare', 'openai'), headers: { authorization: 'Bearer spare' } },
      azure: upstream('azure', 'openai'),
      local: upstream('local', 'openai'),
      drill: upstream('drill', 'openai'),
      search: upstream('search', 'http'),
      files: { url: files, dialect: 'mcp' },
      realtime: { url: realtime, dialect: 'openai' },
    },
    policies: {
      main: {
        deadline: '4s',
        timeout: { connect: '1s', firstByte: '700ms', answer: '900ms', idle: '700ms', hold: '200ms' },
        retry: {
          attempts: 3,
          on: ['rate-limited', 'overloaded', 'server-error', 'network', 'timeout', 'invalid-output'],
          backoff,
          budget: plentiful,
          adjust: ['add-context', 'simplify'],
        },
        validate: {},
        fallback: [{ model: 'gpt-5-mini' }, { upstream: 'spare', model: 'llama-4' }],
        loopDetection: { action: 'pause', stream: 'abort' },
      },
      guarded: {
        deadline: '4s',
        timeout: {},
        retry: { attempts: 2, backoff, budget: { ratio: '0%', minimum: 2 } },
        circuitBreaker,
        degrade: {},
      },
      narrow: {
        deadline: '4s',
        timeout: {},
        bulkhead: { concurrent: 2, queue: 2, wait: '2s' },
        circuitBreaker,
        fallback: [{ upstream: 'azure', model: 'gpt-5' }],
      },
      drill: {
        deadline: '2s',
        timeout: { firstByte: '500ms', idle: '500ms' },
        retry: { attempts: 2, backoff, budget: plentiful },
        chaos: {
          enabled: true,
          seed: 7,
          faults: [
            { kind: 'status', status: 503, share: '30%' },
            { kind: 'delay', for: '100ms', share: '20%' },
            { kind: 'reset', share: '10%' },
            { kind: 'cut', after: 2, share: '20%' },
          ],
        },
      },
      watching: {
        retry: { attempts: 2, backoff, budget: plentiful },
        chaos: { enabled: true, observe: true, faults: [{ kind: 'delay', share: '50%' }] },
      },
      lookup: {
        deadline: '2s',
        retry: { attempts: 2, backoff, budget: plentiful },
        cache: { mode: 'read-through', any: true, fresh: '2s', staleIfError: '1h', maxBytes: '256KB', maxEntry: '64KB' },
      },
      tool: { timeout: { firstByte: '5s' }, retry: { attempts: 2, on: ['network', 'overloaded'], backoff } },
    },
    routes: [
      { path: '/openai', upstream: 'openai', policy: 'main' },
      { path: '/anthropic', upstream: 'anthropic', policy: 'watching' },
      { path: '/spare', upstream: 'spare' },
      { path: '/azure', upstream: 'azure', policy: 'guarded' },
      { path: '/local', upstream: 'local', policy: 'narrow' },
      { path: '/drill', upstream: 'drill', policy: 'drill' },
      { path: '/search', upstream: 'search', policy: 'lookup' },
      { path: '/faq', upstream: 'openai', policy: 'lookup' },
      { path: '/files', upstream: 'files', policy: 'tool' },
      { path: '/realtime', upstream: 'realtime' },
    ],
    agents: { planner: {}, coder: {}, researcher: {}, support: {} },
    alerts: {
      groupWait: '1s',
      channels: {
        // Of these two one answers.
        duty: { webhook: { url: `${provider}/hooks`, secret: 'of-the-scenario', allowPrivate: true } },
        nobody: { webhook: { url: 'http://127.0.0.1:1/hooks', secret: 'of-the-scenario', allowPrivate: true, timeout: '1s' } },
      },
      rules: [
        { on: 'loop-detected', send: ['duty', 'nobody'] },
        { on: 'circuit-open', send: ['duty', 'nobody'] },
      ],
      escalation: [{ after: '5s', send: ['duty'] }],
    },
    // Nothing listens there: spans are made, and dropped.
    telemetry: { metrics: { agents: 12 }, traces: { endpoint: 'http://127.0.0.1:1', sample: '100%' } },
  };
}
