// Providers that fail three times in ten: what do agents see of it without the sidecar, with it as it comes, and with it set up for that?
import { Rate, Trend } from 'k6/metrics';
import { ask, isAnswer, provider, short, sidecar } from './ask.js';

const duration = short ? '10s' : '2m';
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
  defaults: new Rate('success_defaults'),
  retrying: new Rate('success_retrying'),
  fallingBack: new Rate('success_falling_back'),
};
const answered = {
  direct: new Trend('answered_direct', true),
  defaults: new Trend('answered_defaults', true),
  retrying: new Trend('answered_retrying', true),
  fallingBack: new Trend('answered_falling_back', true),
};

export const options = {
  scenarios: {
    direct: scenario('direct'),
    defaults: scenario('defaults'),
    retrying: scenario('retrying'),
    falling_back: scenario('fallingBack'),
  },
  thresholds: {
    // What is seen without the sidecar shows that the provider does fail.
    success_direct: ['rate>0.55', 'rate<0.85'],
    success_retrying: [short ? 'rate>0.85' : 'rate>0.95'],
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

/** The breaker may take the first few failures for an outage and then refuses everything for half a minute: no promise is made of this one. */
export function defaults() {
  askBy('defaults', `${sidecar}/failing`);
}

export function retrying() {
  askBy('retrying', `${sidecar}/alone`);
}

export function fallingBack() {
  askBy('fallingBack', `${sidecar}/first`);
}
