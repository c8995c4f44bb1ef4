// A steady 200 requests a second, then a steady 1,000, however long each takes.
import { askWell, short, steady } from './ask.js';

const seconds = short ? 5 : 60;
const at = (rate, startS) => ({
  executor: 'constant-arrival-rate',
  rate,
  duration: `${seconds}s`,
  startTime: `${startS}s`,
  preAllocatedVUs: rate / 4,
  maxVUs: rate,
  gracefulStop: '10s',
});

export const options = {
  scenarios: { at_200: at(200, 0), at_1000: at(1000, seconds + 2) },
  thresholds: {
    checks: ['rate==1'],
    // On a busy machine a short run may be late; a whole one says nothing of 1,000 a second if it was.
    dropped_iterations: [`count<${seconds * (short ? 600 : 12)}`],
    'http_req_duration{scenario:at_200}': [short ? 'p(95)<250' : 'p(95)<50'],
    'http_req_duration{scenario:at_1000}': [short ? 'p(95)<1000' : 'p(95)<250'],
  },
};

export default function () {
  askWell(steady);
}
