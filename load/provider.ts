// The provider that the load tests run against: `node load/provider.ts` prints its address and runs until it is killed.
import { systemClock } from '../src/core/clock.ts';
import { startSimulatedServer } from '../src/simulated/server.ts';

const atOnce = { headMs: 0, firstMs: 0, betweenMs: 0 };
const failures = { overloaded: 0.12, 'rate-limited': 0.05, 'server-error': 0.08, reset: 0.05 };
const shaky = { format: 'openai', pace: { headMs: 50, firstMs: 0, betweenMs: 0 }, weather: { shares: failures } } as const;

const server = await startSimulatedServer({
  upstreams: {
    steady: { format: 'openai', pace: atOnce, weather: {} },
    // Two to three seconds each.
    talking: { format: 'openai', pace: { headMs: 50, firstMs: 200, betweenMs: 200 }, weather: {} },
    // Three of ten requests fail, at each of them by itself.
    failing: shaky,
    alone: shaky,
    first: shaky,
    second: shaky,
  },
  seed: 1,
  clock: systemClock,
});
console.log(server.url);
