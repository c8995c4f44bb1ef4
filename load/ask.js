import { check } from 'k6';
import http from 'k6/http';

/** Where the scripts send to: the sidecar, its admin port, and the provider without it. */
export const sidecar = __ENV.SIDECAR;
export const admin = __ENV.ADMIN;
export const provider = __ENV.PROVIDER;

/** Addresses below which a model answers at once, and one that takes its time; one route may do for both. */
export const steady = sidecar + (__ENV.ROUTE ?? '/steady');
export const talking = sidecar + (__ENV.ROUTE ?? '/talking');

/** A short run tells whether a script works, a whole one how fast things are. */
export const short = __ENV.SHORT === 'true';

const headers = { 'content-type': 'application/json', authorization: 'Bearer load-test' };
const question = 'How deep is the sea, how high is the sky, and who keeps the tide tables of this port up to date?';

/** Asks a model below this address. */
export function ask(base, { stream = false, tags = {} } = {}) {
  const body = { model: 'simulated-1', stream, messages: [{ role: 'user', content: question }] };
  return http.post(`${base}/v1/chat/completions`, JSON.stringify(body), { headers, tags, timeout: '60s' });
}

/** Whether it is a whole answer to that question. */
export function isAnswer(response) {
  return response.status === 200 && response.body.includes('You said: How deep');
}

/** Whether it is a stream that came to its end. */
function isWholeStream(response) {
  return response.status === 200 && response.body.endsWith('data: [DONE]\n\n');
}

/** Asks, and counts a wrong answer as a failed check. */
export function askWell(base, options) {
  const response = ask(base, options);
  check(response, options?.stream ? { 'the stream is whole': isWholeStream } : { 'the answer is right': isAnswer });
  return response;
}

/** A value of the sidecar's metrics; the sum of all series of that name. */
export function metric(name) {
  const text = http.get(`${admin}/metrics`, { tags: { name: 'metrics' } }).body;
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.replace(/^.*[} ](?=\S+$)/, '')), 0);
}
