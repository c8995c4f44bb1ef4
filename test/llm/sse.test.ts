import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NdjsonReader } from '../../src/llm/ndjson.ts';
import { type OnEvent, SseReader } from '../../src/llm/sse.ts';

type Event = [name: string, data: string];

function read(chunks: readonly Buffer[], limitBytes?: number): { events: Event[]; comments: number } {
  const events: Event[] = [];
  const onEvent: OnEvent = (data, name) => events.push([name, data.toString()]);
  const reader = limitBytes === undefined ? new SseReader(onEvent) : new SseReader(onEvent, limitBytes);
  for (const chunk of chunks) {
    // A chunk's memory may be used again once it was pushed.
    const lent = Buffer.from(chunk);
    reader.push(lent);
    lent.fill(0x21);
  }
  reader.end();
  return { events, comments: reader.comments };
}

const eventsOf = (text: string) => read([Buffer.from(text)]).events;

/** A stream of random lines, and what the specification makes of it. */
const streams = fc
  .record({
    mark: fc.boolean(),
    lines: fc.array(
      fc.tuple(
        fc.constantFrom(
          'data: {"a":"ä"}',
          'data:x',
          'data:  y',
          'data',
          'data:',
          'event: ping',
          'event:',
          ': hi',
          ':',
          'id: 7',
          'retry: 1',
          'datax: 1',
          'dat',
          '\ufeffdata: z',
          'eventual: 2',
          '',
          '',
          '',
        ),
        fc.constantFrom('\n', '\r', '\r\n'),
      ),
      { maxLength: 20 },
    ),
  })
  .map(({ mark, lines }) => `${mark ? '\ufeff' : ''}${lines.map(([line, end]) => line + end).join('')}`);

/** The specification's algorithm, word for word, on the whole text. An event that the end cuts off is given as well. */
function specified(text: string): { events: Event[]; comments: number } {
  const events: Event[] = [];
  let comments = 0;
  let name = '';
  let data: string[] = [];
  const dispatch = () => {
    if (data.length > 0) events.push([name, data.join('\n')]);
    name = '';
    data = [];
  };
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const [, field = line, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (line === '') dispatch();
    else if (line.startsWith(':')) comments += 1;
    else if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  }
  dispatch();
  return { events, comments };
}

describe('the reader of server-sent events', () => {
  it('reads what the specification says, whatever the line ends', () => {
    fc.assert(
      fc.property(streams, (text) => {
        expect(read([Buffer.from(text)])).toEqual(specified(text));
      }),
      { numRuns: 500 },
    );
  });

  it('reads the same however the bytes are cut', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.nat(200), { maxLength: 6 }), (text, cuts) => {
        const bytes = Buffer.from(text);
        const whole = read([bytes]);
        for (let at = 0; at <= bytes.length; at += 1) expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
        expect(read(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(whole);
        const borders = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        expect(read(borders.slice(1).map((end, i) => bytes.subarray(borders[i], end)))).toEqual(whole);
      }),
    );
  });

  it('takes a field with and without the blank behind its colon', () => {
    expect(eventsOf('data:a\n\ndata: b\n\ndata:  c\n\n')).toEqual([
      ['', 'a'],
      ['', 'b'],
      ['', ' c'],
    ]);
  });

  it('joins data of several lines by line feeds', () => {
    expect(eventsOf('event: x\r\ndata: a\r\ndata:\r\ndata: b\r\n\r\n')).toEqual([['x', 'a\n\nb']]);
  });

  it('does not carry the name of one event to the next', () => {
    expect(eventsOf('event: x\n\ndata: a\n\nevent: y\ndata: b\n\ndata: c\n\n')).toEqual([
      ['', 'a'],
      ['y', 'b'],
      ['', 'c'],
    ]);
  });

  it('counts comments and gives no event for them', () => {
    expect(read([Buffer.from(': keep-alive\n\n:\n\ndata: a\n\n')])).toEqual({ events: [['', 'a']], comments: 2 });
  });

  it('gives the last event although its end is missing', () => {
    expect(eventsOf('data: a\n\ndata: [DONE]')).toEqual([
      ['', 'a'],
      ['', '[DONE]'],
    ]);
  });

  it('looks only at the beginning of what is too long, and goes on behind it', () => {
    const text = Buffer.from(`data: ${'x'.repeat(50)}\n\ndata: ${'a'.repeat(12)}\ndata: ${'b'.repeat(12)}\n\ndata: c\n\n`);
    const cut: Event[] = [
      ['', 'x'.repeat(14)],
      ['', `${'a'.repeat(12)}\n${'b'.repeat(7)}`],
      ['', 'c'],
    ];
    expect(read([text], 20).events).toEqual(cut);
    expect(
      read(
        Array.from(text, (_, at) => text.subarray(at, at + 1)),
        20,
      ).events,
    ).toEqual(cut);
  });

  it('holds at most two megabytes of a line that never ends', () => {
    const reader = new SseReader(() => undefined);
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 640; i += 1) reader.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    reader.end();
  });
});

describe('the reader of newline-delimited JSON', () => {
  it('gives every line that is not empty, however the bytes are cut', () => {
    const bytes = Buffer.from('{"a":1}\n\r\n{"b":"ä"}\r\n{"c":3}');
    for (let at = 0; at <= bytes.length; at += 1) {
      const lines: string[] = [];
      const reader = new NdjsonReader((data) => lines.push(data.toString()));
      reader.push(bytes.subarray(0, at));
      reader.push(bytes.subarray(at));
      reader.end();
      expect(lines).toEqual(['{"a":1}', '{"b":"ä"}', '{"c":3}']);
    }
  });
});
