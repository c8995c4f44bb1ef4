import { describe, expect, test } from 'vitest';
import { http } from '../kit/http-text.ts';
import { answer, rawUpstream, type Script } from '../kit/raw-upstream.ts';
import { anthropicAt, ask } from './anthropic.ts';
import { throughSidecar } from './both-ways.ts';
import { policies } from './policies.ts';
import { tell } from './told.ts';

/** Takes every request and leaves without an answer: whether it was processed, nobody knows. */
const vanish: Script = async (connection) => {
  await connection.request();
  connection.halfClose();
};
const overloaded = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}';
const refuse = answer(
  http(['HTTP/1.1 529 Overloaded', 'Content-Type: application/json', `Content-Length: ${overloaded.length}`], overloaded),
);

const thread = { thread: { type: 'continue' as const, previous_message_id: 'msg_1' } };
const servers = { mcp_servers: [{ type: 'url' as const, name: 'files', url: 'https://example.org/mcp' }] };

describe('a message of the Anthropic SDK', () => {
  test.each([
    ['that stands by itself is sent again where its answer is lost', {}, vanish, policies.retry.attempts],
    ['that goes on in a thread is sent once where its answer is lost', thread, vanish, 1],
    ['whose tools the provider calls is sent once where its answer is lost', servers, vanish, 1],
    ['that goes on in a thread is sent again where the provider has refused it', thread, refuse, policies.retry.attempts],
  ])('%s', async (_, more, script, requests) => {
    const upstream = await rawUpstream(script);
    const way = await throughSidecar(upstream, 'anthropic', policies);
    const client = anthropicAt(way, { maxRetries: 0 });
    expect(await tell(() => client.beta.messages.create({ ...ask('hello'), ...more }))).toHaveProperty('error');
    expect(upstream.requests).toHaveLength(requests);
  });
});
