/** A provider of which one request in ten goes wrong, for a soak: prints its port and runs until it is killed. Its answers are those of `/llm`. */
import { systemClock } from '../src/core/clock.ts';
import { startSimulatedServer } from '../src/simulated/server.ts';

const shares = {
  'server-error': 0.02,
  overloaded: 0.02,
  'rate-limited': 0.01,
  reset: 0.02,
  cut: 0.01,
  empty: 0.01,
  'in-band-error': 0.01,
};

const { url } = await startSimulatedServer({
  upstreams: { llm: { format: 'openai', pace: { headMs: 20, firstMs: 20, betweenMs: 5 }, weather: { shares } } },
  seed: 1,
  clock: systemClock,
});
console.log(new URL(url).port);
