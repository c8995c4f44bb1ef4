// A provider that fails three times in ten: what do agents see of it, with the sidecar and without?
import { Rate, Trend } from 'k6/metrics';
import { ask, isAnswer, provider, short, sidecar } from './ask.js';

const duration = short ? '10s' : '60s';
const scenario = (exec) => ({
  executor: 'constant-arrival-rate',
  exec,
  rate: 20,
  duration,
  preAllocatedVUs: 40,
  maxVUs: 300,
  gracefulStop: '30s',
});

const success = { with: new Rate('success_with'), without: new Rate('success_without') };
const answered = { with: new Trend('answered_with', true), without: new Trend('answered_without', true) };

export const options = {
  scenarios: { with: scenario('withSidecar'), without: scenario('withoutSidecar') },
  thresholds: {
    // What they see without it shows that the provider does fail.
    success_without: ['rate>0.6', 'rate<0.8'],
    success_with: [short ? 'rate>0.95' : 'rate>0.98'],
    answered_with: ['p(95)<5000'],
  },
};

function askBy(way, base) {
  const response = ask(base);
  const right = isAnswer(response);
  success[way].add(right);
  if (right) answered[way].add(response.timings.duration);
}

export function withSidecar() {
  askBy('with', `${sidecar}/failing`);
}

export function withoutSidecar() {
  askBy('without', `${provider}/failing`);
}
