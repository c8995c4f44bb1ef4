import type { HttpHead, HttpMessage } from './http-message.ts';
import { namesOf } from './http-message.ts';
import { ok } from './http-text.ts';
import { exchange } from './raw-client.ts';
import { answer, type RawUpstream, rawUpstream } from './raw-upstream.ts';
import { type SidecarSettings, sidecarFor } from './start-sidecar.ts';

export interface Passed {
  /** What the upstream got. */
  request: HttpMessage;
  /** What the agent got. */
  response: HttpMessage;
  upstream: RawUpstream;
}

/** Sends one request through a sidecar of its own to an upstream that answers with these bytes. */
export async function pass(request: string, reply = ok(), settings: SidecarSettings = {}): Promise<Passed> {
  const upstream = await rawUpstream(answer(reply));
  const { proxy } = await sidecarFor(upstream, { responseHeaders: false, ...settings });
  const response = await exchange(proxy, request);
  const [first] = upstream.requests;
  if (!first) throw new Error(`the upstream got no whole request; the agent got ${response.raw}${response.body}`);
  return { request: first, response, upstream };
}

/** The header lines that are end to end: what host, framing and connection management need is left out. */
export function endToEndLines(head: HttpHead): string[] {
  const names = namesOf(head);
  return head.headerLines.filter((_, i) => !ofTheConnection.has(names[i]!));
}

const ofTheConnection = new Set(['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']);
