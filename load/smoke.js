// Does everything work at all? A few callers, whole answers and streams, and what is refused.
import { check } from 'k6';
import http from 'k6/http';
import { admin, askWell, metric, short, sidecar, steady } from './ask.js';

export const options = {
  vus: 3,
  duration: short ? '4s' : '20s',
  thresholds: { checks: ['rate==1'], 'http_req_duration{kind:whole}': ['p(95)<500'] },
};

export default function () {
  askWell(steady, { tags: { kind: 'whole' } });
  askWell(steady, { stream: true });
  check(http.get(`${sidecar}/nowhere`, { responseCallback: http.expectedStatuses(404) }), {
    'no route is a 404': ({ status }) => status === 404,
  });
  check(http.get(`${admin}/readyz`), { 'it is ready': ({ status }) => status === 200 });
}

export function teardown() {
  check(metric('outrigger_attempts_total'), { 'attempts are counted': (attempts) => attempts > 0 });
}
