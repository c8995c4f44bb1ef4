// 500 streams at a time, each of some seconds, one after the other.
import { askWell, short, talking } from './ask.js';

export const options = {
  scenarios: {
    streams: { executor: 'constant-vus', vus: 500, duration: short ? '8s' : '60s', gracefulStop: '30s' },
  },
  thresholds: {
    checks: ['rate==1'],
    // Up to the head of the answer: all 500 begin in the same moment.
    http_req_waiting: [short ? 'p(95)<3000' : 'p(95)<1000'],
    http_req_duration: ['p(95)<15000'],
  },
};

export default function () {
  askWell(talking, { stream: true });
}
