import { STATUS_CODES } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Exchange, Handler } from '../core/exchange.ts';
import { bufferedReply, createReply, type Ending, type Outcome, type Reply, type ReplyHead, type Source } from '../core/outcome.ts';

/** Time to the first word of a streamed answer, and between words. */
const firstWordMs = 120;
const betweenWordsMs = 25;

const model = 'simulated-1';

interface ChatRequest {
  model: string;
  stream: boolean;
  includeUsage: boolean;
  question: string;
}

/**
 * A provider that needs no key and no network: speaks OpenAI's chat completions, streamed or not, and lists one model.
 * It answers with a sentence that repeats the question, so that a new user sees a real round trip.
 */
export function createSimulatedProvider(clock: Clock): Handler {
  return async (exchange) => {
    const { method, path } = exchange.request;
    const route = path.split('?', 1)[0];
    if (method === 'GET' && route === '/v1/models')
      return json(200, { object: 'list', data: [{ id: model, object: 'model', created: 0, owned_by: 'outrigger' }] });
    if (method === 'POST' && route === '/v1/chat/completions') return complete(exchange, clock);
    return refusal(404, 'not_found', `The simulated provider serves POST /v1/chat/completions and GET /v1/models, not ${method} ${route}.`);
  };
}

async function complete({ request }: Exchange, clock: Clock): Promise<Outcome> {
  const chat = readChat(await request.body.whole());
  if (typeof chat === 'string') return refusal(400, 'invalid_request', chat);
  const answer = `This is Outrigger's simulated provider. You said: ${chat.question.slice(0, 500)}`;
  const usage = usageOf(chat.question, answer);
  const created = Math.floor(clock.wall() / 1000);
  const id = `chatcmpl-simulated-${created}`;
  if (chat.stream) return stream(answer, { id, created, chat, usage }, clock);
  return json(200, {
    id,
    object: 'chat.completion',
    created,
    model: chat.model,
    choices: [{ index: 0, message: { role: 'assistant', content: answer, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage,
  });
}

/** The request, or what is wrong with it. */
function readChat(body: Uint8Array | undefined): ChatRequest | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
  } catch {
    return 'The body is not JSON.';
  }
  if (!isRecord(parsed)) return 'The body is not a JSON object.';
  const { messages } = parsed;
  if (!Array.isArray(messages) || messages.length === 0) return "'messages' must be a list of at least one message.";
  const last: unknown = messages.at(-1);
  return {
    model: typeof parsed['model'] === 'string' ? parsed['model'] : model,
    stream: parsed['stream'] === true,
    includeUsage: isRecord(parsed['stream_options']) && parsed['stream_options']['include_usage'] === true,
    question: isRecord(last) ? textOf(last['content']) : '',
  };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : '')).join(' ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Roughly four characters a token, as English has. */
function usageOf(question: string, answer: string) {
  const prompt_tokens = Math.ceil(question.length / 4) + 3;
  const completion_tokens = Math.ceil(answer.length / 4);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

interface Streamed {
  id: string;
  created: number;
  chat: ChatRequest;
  usage: ReturnType<typeof usageOf>;
}

function stream(answer: string, { id, created, chat, usage }: Streamed, clock: Clock): Reply {
  const event = (choices: unknown[], more = {}) =>
    Buffer.from(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created, model: chat.model, choices, ...more })}\n\n`);
  const delta = (content: object, finish_reason: string | null = null) => event([{ index: 0, delta: content, finish_reason }]);
  const events = [
    delta({ role: 'assistant', content: '' }),
    ...answer.split(/(?<= )/).map((content) => delta({ content })),
    delta({}, 'stop'),
    ...(chat.includeUsage ? [event([], { usage })] : []),
    Buffer.from('data: [DONE]\n\n'),
  ];
  return createReply(head(200, 'text/event-stream'), new PacedSource(events, clock));
}

/** Events that come one by one, as a model writes them. */
class PacedSource implements Source {
  readonly ended: Promise<Ending>;
  readonly #events: readonly Uint8Array[];
  readonly #clock: Clock;
  readonly #settle: (ending: Ending) => void;
  #at = 0;
  #bytes = 0;
  #over = false;
  #release: (() => void) | undefined;

  constructor(events: readonly Uint8Array[], clock: Clock) {
    this.#events = events;
    this.#clock = clock;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    this.#settle = resolve;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#events[this.#at];
    if (value && !this.#over) await this.#pause(this.#at === 1 ? firstWordMs : betweenWordsMs);
    if (!value || this.#over) {
      this.#end('ok');
      return { done: true, value: undefined };
    }
    this.#at += 1;
    this.#bytes += value.byteLength;
    return { done: false, value };
  }

  discard(): void {
    this.#end('cancelled');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.timer(ms, resolve);
      this.#release = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #end(verdict: 'ok' | 'cancelled'): void {
    if (this.#over) return;
    this.#over = true;
    this.#settle({ verdict, complete: verdict === 'ok', bytes: this.#bytes });
    this.#release?.();
  }
}

function json(status: number, body: unknown): Reply {
  const bytes = Buffer.from(JSON.stringify(body));
  const { headers, ...rest } = head(status, 'application/json');
  return bufferedReply({ ...rest, headers: [...headers, 'content-length', String(bytes.byteLength)] }, [bytes]);
}

function refusal(status: number, code: string, message: string): Reply {
  return json(status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

function head(status: number, type: string): ReplyHead {
  return {
    verdict: status < 400 ? 'ok' : 'client-error',
    origin: 'upstream',
    status,
    statusText: STATUS_CODES[status] ?? '',
    headers: ['content-type', type],
  };
}
