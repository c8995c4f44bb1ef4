import type { SimulatedUpstream } from './server.ts';

/** The servers of the demo: each fails in ways of its own, and each is gone for some seconds again and again. */
export const demoUpstreams = {
  openai: {
    format: 'openai',
    pace: { headMs: 80, firstMs: 60, betweenMs: 20 },
    weather: {
      shares: { 'rate-limited': 0.05, 'long-wait': 0.02, overloaded: 0.04, slow: 0.03, empty: 0.1, reset: 0.02, 'stale-connection': 0.04 },
      outage: { kind: 'overloaded', afterMs: 6000, everyMs: 45_000, forMs: 5000 },
    },
  },
  anthropic: {
    format: 'anthropic',
    pace: { headMs: 60, firstMs: 50, betweenMs: 15 },
    weather: {
      shares: { overloaded: 0.06, 'in-band-error': 0.06, cut: 0.05, quota: 0.02 },
      outage: { kind: 'reset', afterMs: 8000, everyMs: 60_000, forMs: 4000 },
    },
  },
  spare: {
    format: 'openai',
    pace: { headMs: 150, firstMs: 80, betweenMs: 30 },
    weather: { shares: { 'server-error': 0.05 }, outage: { kind: 'server-error', afterMs: 8000, everyMs: 60_000, forMs: 4000 } },
  },
  voice: {
    format: 'openai',
    pace: { headMs: 30, firstMs: 60, betweenMs: 25 },
    weather: {
      shares: { cut: 0.06, stall: 0.03, slow: 0.03, 'in-band-error': 0.04 },
      outage: { kind: 'overloaded', afterMs: 4000, everyMs: 50_000, forMs: 5000 },
    },
  },
  files: { format: 'mcp', pace: { headMs: 20, firstMs: 0, betweenMs: 0 }, weather: { shares: { empty: 0.1, overloaded: 0.05 } } },
  search: {
    format: 'http',
    pace: { headMs: 15, firstMs: 0, betweenMs: 0 },
    weather: { shares: { 'server-error': 0.05 }, outage: { kind: 'server-error', afterMs: 3000, everyMs: 40_000, forMs: 6000 } },
  },
} as const satisfies Record<string, SimulatedUpstream>;

/** What takes the alerts of the demo; it is no upstream of the sidecar. */
export const demoPager: SimulatedUpstream = {
  format: 'http',
  pace: { headMs: 20, firstMs: 0, betweenMs: 0 },
  weather: { shares: { 'server-error': 0.1 } },
};
