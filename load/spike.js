// From little to far too much within a second, and back. Everybody is answered or refused in order; afterwards all is as before.
import { check } from 'k6';
import { ask, isAnswer, short, steady } from './ask.js';

const plateau = short ? '4s' : '20s';

export const options = {
  scenarios: {
    spike: {
      executor: 'ramping-arrival-rate',
      startRate: 50,
      timeUnit: '1s',
      preAllocatedVUs: 400,
      maxVUs: 1500,
      stages: [
        { target: 50, duration: '3s' },
        { target: 1500, duration: '1s' },
        { target: 1500, duration: plateau },
        { target: 50, duration: '1s' },
      ],
    },
    afterwards: {
      executor: 'constant-arrival-rate',
      exec: 'afterwards',
      rate: 50,
      duration: '4s',
      startTime: short ? '14s' : '30s',
      preAllocatedVUs: 50,
    },
  },
  thresholds: {
    'checks{scenario:spike}': ['rate>0.999'],
    'checks{scenario:afterwards}': ['rate==1'],
    'http_req_duration{scenario:afterwards}': ['p(95)<250'],
  },
};

/** A refusal says when to come again. */
function isRefusal({ status, headers }) {
  return status === 503 && Number(headers['Retry-After']) > 0;
}

export default function () {
  check(ask(steady), { 'answered or refused in order': (response) => isAnswer(response) || isRefusal(response) });
}

export function afterwards() {
  check(ask(steady), { 'answered as before': isAnswer });
}
