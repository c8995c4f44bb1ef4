// Half an hour of the everyday: does memory stay where it was?

import { sleep } from 'k6';
import { Gauge } from 'k6/metrics';
import { askWell, metric, short, steady } from './ask.js';

const duration = short ? '15s' : '30m';
const resident = new Gauge('sidecar_resident_mb');
const growth = new Gauge('sidecar_growth_mb');

export const options = {
  scenarios: {
    calls: { executor: 'constant-arrival-rate', rate: 100, duration, preAllocatedVUs: 50, maxVUs: 300 },
    memory: { executor: 'constant-vus', exec: 'memory', vus: 1, duration },
  },
  thresholds: {
    checks: ['rate==1'],
    'http_req_duration{scenario:calls}': ['p(95)<250'],
    sidecar_resident_mb: ['value<400'],
    sidecar_growth_mb: ['value<100'],
  },
};

export default function () {
  askWell(steady, { stream: __ITER % 4 === 0 });
}

let firstMb;

/** What was there when all had warmed up counts from then on. */
export function memory() {
  sleep(short ? 3 : 60);
  const nowMb = metric('process_resident_memory_bytes') / 2 ** 20;
  firstMb ??= nowMb;
  resident.add(nowMb);
  growth.add(nowMb - firstMb);
}
