/** Length of a stamp written by `stampNow`: microseconds of the monotonic clock, zero-padded. */
export const stampDigits = 16;

/** What comes right before the stamp in every event of a stream. */
export const stampMark = Buffer.from('"fp_');

const messages = [
  {
    role: 'system',
    content:
      'You are a careful travel agent. Look up flights with the tools that you are given, never invent a price, and ask before you book. ' +
      'Answer in plain words, at most three sentences, and repeat the booking code whenever one exists. If a tool fails, say so and propose another date.',
  },
  {
    role: 'user',
    content:
      'I need to be in Lisbon on Thursday before noon. I would rather change in Madrid than in Frankfurt, and an aisle seat would be nice.',
  },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      {
        id: 'call_62136354',
        type: 'function',
        function: { name: 'search_flights', arguments: '{"origin":"VIE","destination":"LIS","date":"2026-11-26","arrive_before":"12:00"}' },
      },
    ],
  },
  {
    role: 'tool',
    tool_call_id: 'call_62136354',
    content:
      '[{"flight":"IB3129","via":"MAD","departs":"05:55","arrives":"11:10","eur":214},{"flight":"LH1237","via":"FRA","departs":"06:20","arrives":"11:35","eur":189}]',
  },
  {
    role: 'user',
    content:
      'Take the one through Madrid if there is an aisle seat left in the front half, and tell me what a checked bag of 20 kilograms would cost.',
  },
];

const tools = [
  {
    type: 'function',
    function: {
      name: 'search_flights',
      description: 'Searches one-way flights and returns at most ten offers, cheapest first.',
      parameters: {
        type: 'object',
        properties: {
          origin: { type: 'string', description: 'IATA code' },
          destination: { type: 'string', description: 'IATA code' },
          date: { type: 'string', description: 'ISO 8601' },
          arrive_before: { type: 'string', description: 'local time, HH:MM' },
        },
        required: ['origin', 'destination', 'date'],
      },
    },
  },
  {
    type: 'function',
    function: {
      name: 'book_flight',
      description:
        'Books one seat on an offer that search_flights returned. Charges the card on file at once; ask the traveller before you call it.',
      parameters: {
        type: 'object',
        properties: {
          flight: { type: 'string' },
          seat: { type: 'string', description: 'row and letter' },
          bags: { type: 'integer', minimum: 0 },
        },
        required: ['flight'],
      },
    },
  },
];

const chat = { model: 'gpt-5-mini', messages, tools, temperature: 0.2 };

/** Body of a chat request of about 2 kB. */
export const chatBody = Buffer.from(JSON.stringify(chat));

/** Bodies of chat requests by their size in kB, where they have more than two: conversations with that much to read in tool results. */
export const longBodies: ReadonlyMap<number, Buffer> = new Map([20, 200, 2000].map((kilobytes) => [kilobytes, longBody(kilobytes)]));

/** The same request, asking for a stream that ends in usage. */
export const streamBody = Buffer.from(JSON.stringify({ ...chat, stream: true, stream_options: { include_usage: true } }));

function longBody(kilobytes: number): Buffer {
  const passage =
    'The hotel is a ten minute walk from the station, breakfast is "included" on weekdays,\nand rooms can be cancelled until noon. ';
  const [system, user, call, result, ...rest] = messages;
  const bodyOf = (content: string) =>
    Buffer.from(JSON.stringify({ ...chat, messages: [system, user, call, { ...result, content }, ...rest] }));
  const room = kilobytes * 1000 - bodyOf(passage).length;
  return bodyOf(passage.repeat(1 + Math.floor(room / (JSON.stringify(passage).length - 2))));
}

/** Body of the answer to `chatBody`, about 1.1 kB. */
export const answerBody = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
    object: 'chat.completion',
    created: 1_741_569_952,
    model: 'gpt-5-mini-2025-08-07',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content:
            'Flight IB3129 through Madrid still has aisle seats in rows 7 and 11, so I would take 7C: it leaves Vienna at 05:55 and lands in Lisbon at 11:10. ' +
            'A checked bag of 20 kilograms costs 45 euros on top of the 214 for the ticket. Shall I book it for 259 euros in all and send the code to your usual address? ' +
            'There is also a later connection at 07:40 with a shorter stop, but it lands at 12:05, five minutes after the time you gave, and it costs 38 euros more. I would not take it.',
          refusal: null,
          annotations: [],
        },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 519,
      completion_tokens: 87,
      total_tokens: 606,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
    },
    service_tier: 'default',
    system_fingerprint: 'fp_50cad350e4',
  }),
);

/** Every event of a stream has this many bytes, so bytes count events. */
export const eventBytes = 280;

/** Events of one stream: a role, contents, a finish reason and the usage; `[DONE]` follows. */
export const eventCount = 50;

/** Ends a stream. */
export const doneEvent = Buffer.from('data: [DONE]\n\n');

/** Bytes of a whole streamed body of that many events. */
export function streamBytes(events: number): number {
  return events * eventBytes + doneEvent.length;
}

/** One event of a stream as the upstream sends it, with room for a stamp. */
export function streamEvent(index: number): Buffer {
  const delta = index === 0 ? { role: 'assistant', content: '' } : { content: ` and word ${index}` };
  const last = index === eventCount - 1;
  const ends = index === eventCount - 2;
  const choices = last ? [] : [{ index: 0, delta: ends ? {} : delta, finish_reason: ends ? 'stop' : null }];
  const usage = last ? { prompt_tokens: 519, completion_tokens: 47, total_tokens: 566 } : null;
  const event = (padding: string) =>
    Buffer.from(
      `data: ${JSON.stringify({
        id: 'chatcmpl-B9MHDbslfkBeAs8',
        object: 'chat.completion.chunk',
        created: 1_741_570_283,
        model: 'gpt-5-mini',
        system_fingerprint: `fp_${'0'.repeat(stampDigits)}`,
        choices,
        usage,
        obfuscation: padding,
      })}\n\n`,
    );
  return event('x'.repeat(eventBytes - event('').length));
}

/** Microseconds of the monotonic clock that all processes of one machine share. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** How a request differs from the plain chat request. */
export interface RequestOptions {
  /** Asks the upstream for a stream with that long between two events. */
  paceMs?: number;
  /** Events of that stream, at least 4; `eventCount` unless set. */
  events?: number;
  path?: string;
  /** Further lines of the head, such as `x-name: value`. */
  headers?: readonly string[];
  body?: Buffer;
}

/** A POST of a chat request as the OpenAI SDK sends it. */
export function chatRequest(port: number, options: RequestOptions = {}): Buffer {
  const { paceMs, events = eventCount, path = '/v1/chat/completions', headers = [] } = options;
  const body = options.body ?? (paceMs === undefined ? chatBody : streamBody);
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Accept: application/json',
    'Content-Type: application/json',
    'User-Agent: OpenAI/JS 7.55.0',
    'X-Stainless-Lang: js',
    'X-Stainless-Package-Version: 7.55.0',
    'X-Stainless-OS: Linux',
    'X-Stainless-Arch: x64',
    'X-Stainless-Runtime: node',
    'X-Stainless-Retry-Count: 0',
    'Authorization: Bearer sk-bench-0123456789abcdef',
    ...(paceMs === undefined ? [] : [`${paceHeader}: ${paceMs}`, `${eventsHeader}: ${events}`]),
    ...headers,
    `Content-Length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/** Header that asks the upstream for a stream. */
export const paceHeader = 'X-Bench-Pace-Ms';

/** Header that says how many events the stream has. */
export const eventsHeader = 'X-Bench-Events';
