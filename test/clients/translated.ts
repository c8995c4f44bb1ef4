import { http } from '../kit/http-text.ts';
import { answer, rawUpstream } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import type { Way } from './both-ways.ts';

const errors = {
  openai: { error: { message: 'busy', type: 'server_error', param: null, code: null } },
  anthropic: { type: 'error', error: { type: 'overloaded_error', message: 'busy' }, request_id: null },
} as const;

/**
 * The way to an upstream of one format that never has time, behind which another one of the other format is asked. `entry`
 * is what the fallback says beside its upstream.
 */
export async function fallingBack(
  home: keyof typeof errors,
  spare: Way,
  entry: Record<string, unknown> = { model: 'other-x' },
): Promise<Way> {
  const busy = JSON.stringify(errors[home]);
  const head = ['HTTP/1.1 503 Service Unavailable', 'Content-Type: application/json', `Content-Length: ${busy.length}`];
  const upstream = await rawUpstream(answer(http(head, busy)));
  const [own, other] = home === 'openai' ? ['openai', 'anthropic'] : ['anthropic', 'openai'];
  const { proxy } = await sidecar({
    upstreams: {
      home: { url: upstream.url, dialect: own },
      spare: { url: spare.url, dialect: other, headers: { authorization: 'Bearer spare-key', 'anthropic-version': '2023-06-01' } },
    },
    policies: { llm: { timeout: { connect: '5s', firstByte: '10s', idle: '10s' }, fallback: [{ upstream: 'spare', ...entry }] } },
    routes: [{ path: '/', upstream: 'home', policy: 'llm' }],
  });
  return { url: `http://${proxy.host}:${proxy.port}` };
}
