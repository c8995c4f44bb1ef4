import type { ResponsesClientEvent } from 'openai/resources/responses/responses';
import { ResponsesWS } from 'openai/resources/responses/ws';
import { describe, expect, test } from 'vitest';
import { endToEndLines } from '../kit/pass.ts';
import { bothWays, type Run, type Way } from './both-ways.ts';
import { envelope, openaiAt } from './openai.ts';
import { withAndWithout } from './policies.ts';

const text = 'Grüße aus Zürich, and some more words, so that there are several events.';
const fixtures = [
  { match: { userMessage: 'hello' }, response: { content: text, ...envelope, usage: { input_tokens: 3, output_tokens: 5 } } },
];

/** Sends messages, one after the answer to the one before, and gives all that came. */
async function converse(way: Way, inputs: string[]): Promise<unknown[]> {
  const socket = new ResponsesWS(openaiAt(way));
  const ask = (input: string) => socket.send({ type: 'response.create', model: 'gpt-x', input } as ResponsesClientEvent);
  const events: unknown[] = [];
  const left = [...inputs];
  ask(left.shift()!);
  for await (const event of socket.stream()) {
    if (event.type === 'error') events.push(event.error);
    if (event.type === 'error' || event.type === 'close') break;
    if (event.type !== 'message') continue;
    events.push(event.message);
    if (event.message.type !== 'response.completed') continue;
    const next = left.shift();
    if (next === undefined) break;
    ask(next);
  }
  socket.close();
  return events;
}

const handshakes = ({ upstream }: Run) =>
  upstream.requests.map((request) => endToEndLines(request).filter((line) => !/^(upgrade|sec-websocket-key):/i.test(line)));

describe.each(withAndWithout)("the OpenAI SDK's responses over a WebSocket go through the sidecar as they go directly, %s", (_, policy) => {
  const scenario = { dialect: 'openai', fixtures, policy };

  test('two responses on one connection', async () => {
    const { direct, through } = await bothWays({ ...scenario, use: (way) => converse(way, ['hello', 'hello again']) });
    expect(through.told).toStrictEqual(direct.told);
    const { value } = direct.told as { value: { type: string }[] };
    expect(value.filter(({ type }) => type === 'response.completed')).toHaveLength(2);
    expect(JSON.stringify(value)).toContain(text);
    expect(handshakes(direct)).toHaveLength(1);
    expect(handshakes(through)).toStrictEqual(handshakes(direct));
  });

  test('an error', async () => {
    const { direct, through } = await bothWays({ ...scenario, use: (way) => converse(way, ['unknown']) });
    expect(through.told).toStrictEqual(direct.told);
    expect(JSON.stringify(direct.told)).toMatch(/"class":"\w*Error".*No fixture matched/);
  });
});
