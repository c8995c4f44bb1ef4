import type { Sidecar } from '../../src/sidecar.ts';
import { chat, eventStream } from '../clients/events.ts';
import { type HttpMessage, statusOf, valuesOf } from '../kit/http-message.ts';
import { http, lastChunk } from '../kit/http-text.ts';
import { exchange } from '../kit/raw-client.ts';
import type { RawUpstream, Script } from '../kit/raw-upstream.ts';
import { sidecar } from '../kit/start-sidecar.ts';
import { eventually } from '../kit/timing.ts';

/** What stands behind the sidecar, by name; `main` is the upstream of the one route. */
export type Upstreams = { main: Pick<RawUpstream, 'url'> } & Record<string, Pick<RawUpstream, 'url'>>;

/** A sidecar with one route to `main`. The others have a key of their own; the agent's is for `main` alone. */
export function sidecarTo(upstreams: Upstreams, policy: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Sidecar> {
  const { dialect = 'openai', ...rest } = more;
  const settings = Object.entries(upstreams).map(([name, { url }]) => {
    const headers = name === 'main' ? {} : { authorization: `Bearer ${name}-key` };
    return [name, { url, dialect, headers }];
  });
  return sidecar({
    upstreams: Object.fromEntries(settings),
    policies: { llm: policy },
    routes: [{ path: '/', upstream: 'main', policy: 'llm' }],
    ...rest,
  });
}

/** A JSON answer with a status. */
export function json(status: string, value: unknown, ...headerLines: string[]): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return http([`HTTP/1.1 ${status}`, 'Content-Type: application/json', ...headerLines, `Content-Length: ${text.length}`], text);
}

/** A whole chat completion that says the text. */
export function saying(content: string): string {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  return json('200 OK', { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-x', choices });
}

/** The same as a stream. */
export function streaming(content: string): string {
  return eventStream + chat.role + chat.text(content) + chat.stop + chat.done + lastChunk;
}

export const busy = json('503 Service Unavailable', { error: { message: 'busy', type: 'server_error' } });

/** Answers each whole request with the next of these, and all after them with the last one. */
export function inTurn(...answers: [string, ...string[]]): Script {
  let asked = 0;
  return async (connection) => {
    while ((await connection.request())?.whole) {
      connection.send(answers[Math.min(asked, answers.length - 1)]!);
      asked += 1;
    }
  };
}

export interface Question {
  stream?: boolean;
  key?: string;
  headerLines?: readonly string[];
}

/** The bytes of a chat request; its body is written as no serialiser would write it. */
export function asking({ stream = false, key = 'agent-key', headerLines = [] }: Question = {}): string {
  const body = `{ "messages": [{"role":"user","content":"the \\"model\\" is gpt"}],  "model" : "gpt-large", "stream": ${stream}, "n":1e0 }`;
  const fields = ['Host: sidecar', `Authorization: Bearer ${key}`, 'Content-Type: application/json', ...headerLines];
  return http(['POST /v1/chat/completions HTTP/1.1', ...fields, `Content-Length: ${body.length}`], body);
}

/** Asks the sidecar for a chat and reads the whole answer. */
export function ask({ proxy }: Sidecar, question?: Question): Promise<HttpMessage> {
  return exchange(proxy, asking(question));
}

export const ledgerOf = (answer: HttpMessage): string | undefined => valuesOf(answer, 'x-outrigger-attempts')[0]?.replace(/;ms=\d+/g, '');

/** What an answer says: the text of a chat completion or of a chunk in a stream. */
export function textOf(answer: HttpMessage): string {
  const texts = [...answer.body.matchAll(/"content":"([^"]+)"/g)].map(([, text]) => text!);
  return texts.join('');
}

/** Status and text in one. */
export const toldBy = (answer: HttpMessage): [status: number, text: string] => [statusOf(answer), textOf(answer)];

/** The samples of the sidecar once so many calls have ended; a series that there is not is undefined. */
export async function counted({ admin }: Sidecar, calls: number): Promise<(series: string) => number | undefined> {
  let samples = new Map<string, number>();
  await eventually(`${calls} calls have ended`, async () => {
    const text = await (await fetch(`http://${admin.host}:${admin.port}/metrics`)).text();
    samples = new Map(text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]));
    const ended = [...samples]
      .filter(([series]) => series.startsWith('outrigger_requests_total{'))
      .reduce((sum, [, value]) => sum + value, 0);
    return ended >= calls;
  });
  return (series) => samples.get(`outrigger_${series}`);
}

/** What the admin port's API tells. */
export async function api<T>({ admin }: Sidecar, path: string): Promise<T> {
  return (await (await fetch(`http://${admin.host}:${admin.port}/api/${path}`)).json()) as T;
}
