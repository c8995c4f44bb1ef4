import { once } from 'node:events';
import { type Agent, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';

export interface CallOptions {
  method?: string;
  headers?: Record<string, string | number>;
  body?: string | Iterable<Uint8Array>;
  agent?: Agent;
}

/** Sends a request with Node's own client, which decodes nothing; resolves at the head of the answer. */
export async function call(url: string, { method = 'GET', headers = {}, body, agent }: CallOptions = {}): Promise<IncomingMessage> {
  const sending = request(url, { method, headers, ...(agent && { agent }) });
  // An error of the upload shows in the answer, or in its absence.
  sending.on('error', () => {});
  const answered = once(sending, 'response');
  if (body === undefined || typeof body === 'string') sending.end(body);
  else Readable.from(body).pipe(sending);
  const [response] = (await answered) as [IncomingMessage];
  return response;
}

/** All of a body as latin1, a char for a byte; rejects if it breaks off. */
export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
