// Providers that fail three times in ten: what do agents see of it without the sidecar, with its retries, and with a second provider?
import { Rate, Trend } from 'k6/metrics';
import { ask, isAnswer, provider, short, sidecar } from './ask.js';

const duration = short ? '10s' : '5m';
const scenario = (exec) => ({
  executor: 'constant-arrival-rate',
  exec,
  rate: 10,
  duration,
  preAllocatedVUs: 40,
  maxVUs: 300,
  gracefulStop: '30s',
});

const success = {
  direct: new Rate('success_direct'),
  retrying: new Rate('success_retrying'),
  fallingBack: new Rate('success_falling_back'),
};
const answered = {
  direct: new Trend('answered_direct', true),
  retrying: new Trend('answered_retrying', true),
  fallingBack: new Trend('answered_falling_back', true),
};

export const options = {
  scenarios: { direct: scenario('direct'), retrying: scenario('retrying'), falling_back: scenario('fallingBack') },
  thresholds: {
    // What is seen without the sidecar shows that the provider does fail.
    success_direct: ['rate>0.55', 'rate<0.85'],
    success_falling_back: [short ? 'rate>0.95' : 'rate>0.98'],
    answered_falling_back: ['p(95)<5000'],
  },
};

function askBy(way, base) {
  const response = ask(base);
  const right = isAnswer(response);
  success[way].add(right);
  if (right) answered[way].add(response.timings.duration);
}

export function direct() {
  askBy('direct', `${provider}/failing`);
}

/** A circuit that is open answers nobody: retries alone do not help then. */
export function retrying() {
  askBy('retrying', `${sidecar}/failing`);
}

export function fallingBack() {
  askBy('fallingBack', `${sidecar}/first`);
}
