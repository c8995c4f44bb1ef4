import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dialect } from '../../src/core/dialect.ts';
import { anthropic } from '../../src/llm/anthropic.ts';
import { gemini } from '../../src/llm/gemini.ts';
import { ollama } from '../../src/llm/ollama.ts';
import { openai } from '../../src/llm/openai.ts';
import { body, post } from '../policies/kit.ts';

type Message = Record<string, unknown>;

/** A step of a conversation: what a person or the model says, or tools that the model calls with what comes of it. */
type Step = { kind: 'user' | 'model' | 'system'; text: string } | { kind: 'tools'; ids: readonly string[]; text: string };

interface Format {
  name: string;
  dialect: Dialect;
  path: string;
  /** Where the messages stand. */
  member: string;
  write: (step: Step) => Message[];
  calls: (message: Message) => unknown[];
  answers: (message: Message) => unknown[];
  isSystem: (message: Message) => boolean;
}

const roleOf = (kind: Step['kind'], model = 'assistant') => (kind === 'model' ? model : kind);
const objects = (value: unknown) => (Array.isArray(value) ? (value as Message[]) : []);
const system = (message: Message) => message['role'] === 'system';

const formats: Format[] = [
  {
    name: "OpenAI's chat completions",
    dialect: openai,
    path: '/v1/chat/completions',
    member: 'messages',
    write: (step) =>
      step.kind === 'tools'
        ? [
            { role: 'assistant', tool_calls: step.ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })) },
            ...step.ids.map((id) => ({ role: 'tool', tool_call_id: id, content: step.text })),
          ]
        : [{ role: roleOf(step.kind), content: step.text }],
    calls: (message) => objects(message['tool_calls']).map(({ id }) => id),
    answers: (message) => (message['role'] === 'tool' ? [message['tool_call_id']] : []),
    isSystem: system,
  },
  {
    name: "OpenAI's responses",
    dialect: openai,
    path: '/v1/responses',
    member: 'input',
    write: (step) =>
      step.kind === 'tools'
        ? [
            { type: 'reasoning', id: 'r', summary: [] },
            ...step.ids.map((id) => ({ type: 'function_call', call_id: id, name: 'f', arguments: '{}' })),
            ...step.ids.map((id) => ({ type: 'function_call_output', call_id: id, output: step.text })),
          ]
        : [{ role: roleOf(step.kind), content: step.text }],
    calls: ({ type, call_id: id }) => (type === 'function_call' ? [id] : []),
    answers: ({ type, call_id: id }) => (type === 'function_call_output' ? [id] : []),
    isSystem: system,
  },
  {
    name: "Anthropic's messages",
    dialect: anthropic,
    path: '/v1/messages',
    member: 'messages',
    write: (step) =>
      step.kind === 'tools'
        ? [
            { role: 'assistant', content: step.ids.map((id) => ({ type: 'tool_use', id, name: 'f', input: {} })) },
            { role: 'user', content: step.ids.map((id) => ({ type: 'tool_result', tool_use_id: id, content: step.text })) },
          ]
        : [{ role: roleOf(step.kind), content: step.text }],
    calls: ({ content }) => objects(content).flatMap(({ type, id }) => (type === 'tool_use' ? [id] : [])),
    answers: ({ content }) => objects(content).flatMap(({ type, tool_use_id: id }) => (type === 'tool_result' ? [id] : [])),
    isSystem: system,
  },
  {
    name: "Gemini's contents",
    dialect: gemini,
    path: '/v1beta/models/gemini-x:generateContent',
    member: 'contents',
    write: (step) =>
      step.kind === 'tools'
        ? [
            { role: 'model', parts: step.ids.map((id) => ({ functionCall: { name: id, args: {} } })) },
            { role: 'user', parts: step.ids.map((id) => ({ functionResponse: { name: id, response: { text: step.text } } })) },
          ]
        : step.kind === 'system'
          ? []
          : [{ role: roleOf(step.kind, 'model'), parts: [{ text: step.text }] }],
    calls: ({ parts }) => objects(parts).flatMap((part) => (part['functionCall'] ? [(part['functionCall'] as Message)['name']] : [])),
    answers: ({ parts }) =>
      objects(parts).flatMap((part) => (part['functionResponse'] ? [(part['functionResponse'] as Message)['name']] : [])),
    isSystem: () => false,
  },
  {
    name: "Ollama's chat",
    dialect: ollama,
    path: '/api/chat',
    member: 'messages',
    write: (step) =>
      step.kind === 'tools'
        ? [
            { role: 'assistant', content: '', tool_calls: step.ids.map((id) => ({ function: { name: id, arguments: {} } })) },
            ...step.ids.map((id) => ({ role: 'tool', tool_name: id, content: step.text })),
          ]
        : [{ role: roleOf(step.kind), content: step.text }],
    calls: (message) => objects(message['tool_calls']).map((call) => (call['function'] as Message)['name']),
    answers: (message) => (message['role'] === 'tool' ? [message['tool_name']] : []),
    isSystem: system,
  },
];

const steps = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constantFrom('user' as const, 'model' as const, 'system' as const), text: fc.string({ unit: 'grapheme' }) }),
      fc.record({ kind: fc.constant('tools' as const), ids: fc.integer({ min: 1, max: 3 }), text: fc.string({ unit: 'grapheme' }) }),
    ),
    { minLength: 1, maxLength: 30 },
  )
  // Every call has an id of its own.
  .map((list) =>
    list.map(
      (step, i): Step => (step.kind === 'tools' ? { ...step, ids: Array.from({ length: step.ids }, (_, n) => `c${i}-${n}`) } : step),
    ),
  );

function requestOf({ path, member, write }: Format, list: readonly Step[]) {
  const messages: Message[] = [...write({ kind: 'user', text: 'the task' }), ...list.flatMap(write)];
  const text = `{ "model":"m", "seed": 12345678901234567890, "${member}" : ${JSON.stringify(messages, undefined, 1)} , "n":1e0}`;
  return { messages, text, request: post({ path, headers: ['Content-Length', String(Buffer.byteLength(text))], body: body(text) }) };
}

function simplified(format: Format, list: readonly Step[], share: number) {
  const asked = requestOf(format, list);
  const request = format.dialect.simplify!(asked.request, share);
  if (!request) return { ...asked, simple: undefined };
  const text = Buffer.from(request.body.bytes!).toString();
  return { ...asked, simple: { request, text, messages: (JSON.parse(text) as Record<string, Message[]>)[format.member]! } };
}

describe.each(formats)('simplifying $name', (format) => {
  const { dialect, calls, answers, isSystem, path, member } = format;

  it('never parts a call from its result, keeps instructions, the first and the last message, and makes it smaller', () => {
    let made = 0;
    fc.assert(
      fc.property(steps, fc.double({ min: 0.01, max: 1, noNaN: true }), (list, share) => {
        const { messages, text, simple } = simplified(format, list, share);
        if (!simple) return;
        made += 1;
        expect(simple.text.length).toBeLessThan(text.length);
        expect(simple.messages.length).toBeLessThan(messages.length);
        expect(simple.messages.flatMap(calls)).toEqual(
          simple.messages.flatMap(answers).toSorted((a, b) => order(messages, a) - order(messages, b)),
        );
        expect(simple.messages.filter(isSystem)).toEqual(messages.filter(isSystem));
        expect(simple.messages[0]).toEqual(messages[0]);
        expect(simple.messages.at(-1)).toEqual(messages.at(-1));
        // What is left stands in its order, as it was.
        const left = simple.messages.map((message) => JSON.stringify(message));
        let at = 0;
        for (const message of messages) if (JSON.stringify(message) === left[at]) at += 1;
        expect(at).toBe(left.length);
        // All else is as it was, byte by byte.
        expect(simple.text.startsWith(text.slice(0, text.indexOf('[')))).toBe(true);
        expect(simple.text.endsWith(' , "n":1e0}')).toBe(true);
        expect(simple.request.headers[1]).toBe(String(Buffer.byteLength(simple.text)));
      }),
    );
    expect(made).toBeGreaterThan(20);
  });

  /** Where the call of that id stands. */
  const order = (messages: readonly Message[], id: unknown) => messages.flatMap(calls).indexOf(id);

  it('leaves out the oldest calls of tools first, and turns in the middle only after them', () => {
    const tools = (id: string): Step => ({ kind: 'tools', ids: [id], text: 'much' });
    const say = (kind: 'user' | 'model', text: string): Step => ({ kind, text });
    const list = [
      tools('a'),
      tools('b'),
      say('model', 'done'),
      say('user', 'more'),
      say('model', 'well'),
      say('user', 'go on'),
      tools('c'),
    ];
    const of = (share: number) => simplified(format, list, share).simple!.text;
    expect(of(0.3)).not.toContain('"a"');
    expect(of(0.3)).toContain('"b"');
    expect(of(0.6)).not.toContain('"b"');
    expect(of(0.6)).toContain('well');
    expect(of(1)).not.toContain('well');
    for (const kept of ['the task', 'done', 'go on', '"c"']) expect(of(1)).toContain(kept);
  });

  it('finds nothing to leave out of one question, of calls without results, and of what is no list', () => {
    expect(simplified(format, [], 1).simple).toBeUndefined();
    const [call] = format.write({ kind: 'tools', ids: ['a'], text: '' });
    const last = format.write({ kind: 'user', text: 'go on' });
    for (const messages of [[call, ...last], 'text', [1, 2, 3], {}]) {
      const request = post({ path, body: body(JSON.stringify({ [member]: messages })) });
      expect(dialect.simplify!(request, 1)).toBeUndefined();
    }
  });

  it('keeps both where a result comes only after somebody has said something else', () => {
    const [call, ...results] = format.write({ kind: 'tools', ids: ['a'], text: 'late' }).slice(format.name.includes('responses') ? 1 : 0);
    const say = (kind: 'user' | 'model', text: string) => format.write({ kind, text });
    const messages = [
      ...say('user', 'the task'),
      ...say('model', 'yes'),
      ...say('user', 'look'),
      call,
      ...say('user', 'well?'),
      ...results,
    ];
    const text = JSON.stringify({ [member]: [...messages, ...say('model', 'so'), ...say('user', 'go on')] });
    expect(dialect.simplify!(post({ path, body: body(text) }), 1)).toBeUndefined();
  });

  it('leaves a request alone whose bytes are vouched for or compressed', () => {
    const { request } = requestOf(format, [
      { kind: 'tools', ids: ['a'], text: '' },
      { kind: 'user', text: 'go on' },
    ]);
    expect(dialect.simplify!(request, 1)).toBeDefined();
    for (const headers of [
      ['Content-Digest', 'x'],
      ['Content-Encoding', 'gzip'],
    ]) {
      expect(dialect.simplify!({ ...request, headers }, 1)).toBeUndefined();
    }
  });
});
