import type { RequestFacts } from '../core/dialect.ts';
import { headerValue, type RawHeaders } from '../core/headers.ts';
import type { TunnelAnswer, TunnelWatcher } from '../core/tunnel-watcher.ts';
import { verdictOfError } from './classify.ts';
import { plainPath } from './describe.ts';
import { factsOf } from './error-facts.ts';
import { eventType } from './event-data.ts';
import { asObject, type JsonObject, parseObject } from './json-object.ts';
import { asBuffer, scanObject, textOf } from './json-scan.ts';
import { verdictOfResponse } from './openai-responses.ts';
import { openaiUsage } from './openai-usage.ts';
import { eventLimitBytes } from './sse.ts';
import { Tokens } from './tokens.ts';
import { WebSocketReader } from './web-socket-reader.ts';

/** A response that was asked for and has not ended. */
interface Pending {
  /** The `stream_id` of its lane: those of one lane are answered in the order in which they were asked for. */
  readonly lane: string | undefined;
  readonly model: string | undefined;
}

/** So many responses can be under way on a connection before the oldest is forgotten. */
const mostPending = 64;

const lastTypes = new Set<unknown>(['response.completed', 'response.incomplete', 'response.failed', 'error']);
/** What a message must hold to be one of these, where its type does not stand at its beginning. */
const telling = new Tokens('"response.completed"', '"response.incomplete"', '"response.failed"', '"error"');

/**
 * What follows a WebSocket of OpenAI's responses interface; undefined for any other one. Where an extension was agreed on,
 * such as compression, it is not looked into.
 */
export function watchOpenaiTunnel(
  request: RequestFacts,
  headers: RawHeaders,
  tell: (answer: TunnelAnswer) => void,
): TunnelWatcher | undefined {
  const readable = plainPath(request).endsWith('/responses') && headerValue(headers, 'sec-websocket-extensions') === undefined;
  return readable ? new ResponsesSocketWatcher(tell) : undefined;
}

/**
 * Follows OpenAI's responses interface over a WebSocket: each `response.create` of the agent is answered by events as in a
 * stream, one a message. Only the last event of a response is parsed. Of a message, 1 MB is kept.
 */
class ResponsesSocketWatcher implements TunnelWatcher {
  readonly #tell: (answer: TunnelAnswer) => void;
  readonly #fromAgent: WebSocketReader;
  readonly #fromUpstream: WebSocketReader;
  #pending: Pending[] = [];
  /** The lane in which the last response was ended by an `error`: a `response.failed` may repeat that. */
  #failed: Pick<Pending, 'lane'> | undefined;
  #agentLeft = false;

  constructor(tell: (answer: TunnelAnswer) => void) {
    const onAsked = (message: Buffer) => this.#asked(message);
    const onAnswered = (message: Buffer) => this.#answered(message);
    this.#tell = tell;
    this.#fromAgent = new WebSocketReader(eventLimitBytes, onAsked);
    this.#fromUpstream = new WebSocketReader(eventLimitBytes, onAnswered);
  }

  sent(bytes: Uint8Array): void {
    this.#fromAgent.push(asBuffer(bytes));
    if (this.#fromAgent.closed && !this.#fromUpstream.closed) this.#agentLeft = true;
  }

  received(bytes: Uint8Array): void {
    this.#fromUpstream.push(asBuffer(bytes));
  }

  left(): void {
    if (!this.#fromUpstream.closed) this.#agentLeft = true;
  }

  end(): void {
    const verdict = this.#agentLeft ? 'cancelled' : 'network';
    for (const { model } of this.#pending) this.#tell({ model, verdict, complete: false });
    this.#pending = [];
  }

  #asked(message: Buffer): void {
    const type = eventType(message, '');
    if (type !== '' && type !== 'response.create') return;
    const members = scanObject(message);
    if (textOf(message, members?.get('type')) !== 'response.create') return;
    this.#failed = undefined;
    this.#pending.push({ lane: textOf(message, members?.get('stream_id')), model: textOf(message, members?.get('model')) });
    if (this.#pending.length > mostPending) this.#pending.shift();
  }

  #answered(message: Buffer): void {
    const outside = eventType(message, '');
    if (outside === '' ? telling.in(message) === 0 : !lastTypes.has(outside)) return;
    const event = parseObject(message);
    const type = event?.['type'] ?? outside;
    if (!lastTypes.has(type)) return;
    const lane = typeof event?.['stream_id'] === 'string' ? event['stream_id'] : undefined;
    const asked = this.#take(lane);
    if (type === 'response.failed' && !asked && this.#failed?.lane === lane && this.#failed) return;
    if (type === 'error') this.#failed = { lane };
    this.#tell({ complete: true, ...judgementOf(type, event ?? {}, asked?.model) });
  }

  #take(lane: string | undefined): Pending | undefined {
    const at = this.#pending.findIndex((pending) => pending.lane === lane);
    return at < 0 ? undefined : this.#pending.splice(at, 1)[0];
  }
}

/** What the last event of a response says; `asked` is the model by the name that the agent gave. */
function judgementOf(type: unknown, event: JsonObject, asked: string | undefined): Omit<TunnelAnswer, 'complete'> {
  if (type === 'error') return { model: asked, verdict: verdictOfError(200, factsOf({ ...event, ...asObject(event['error']) })) };
  const response = asObject(event['response']) ?? {};
  const counts = asObject(response['usage']);
  const usage = counts && openaiUsage(counts);
  const named = typeof response['model'] === 'string' ? response['model'] : undefined;
  const verdict = verdictOfResponse(response) ?? (type === 'response.failed' ? 'server-error' : 'ok');
  return { model: asked ?? named, verdict, ...(usage && { usage }) };
}
