import { expect, test } from 'vitest';
import {
  answerBody,
  chatBody,
  chatRequest,
  eventBytes,
  eventCount,
  longBodies,
  stampDigits,
  stampMark,
  streamEvent,
} from '../../bench/payload.ts';

test('the request and the answer have the sizes that the tables speak of', () => {
  expect(chatBody.length).toBeGreaterThan(1900);
  expect(chatBody.length).toBeLessThan(2200);
  expect(answerBody.length).toBeGreaterThan(1000);
  expect(answerBody.length).toBeLessThan(1200);
});

test('every event of a stream is JSON of the same size with room for a stamp', () => {
  for (let index = 0; index < eventCount; index += 1) {
    const event = streamEvent(index);
    expect(event.length).toBe(eventBytes);
    expect(() => JSON.parse(event.toString().slice('data: '.length))).not.toThrow();
    expect(event.toString()).toMatch(new RegExp(`${stampMark.toString()}0{${stampDigits}}"`));
  }
});

test('a stream ends in a finish reason and then the usage', () => {
  expect(streamEvent(eventCount - 2).toString()).toContain('"finish_reason":"stop"');
  expect(streamEvent(eventCount - 1).toString()).toContain('"total_tokens"');
});

test('a request is framed by its length', () => {
  const [head = '', body = ''] = chatRequest(80).toString().split('\r\n\r\n');
  expect(Number(/Content-Length: (\d+)/.exec(head)?.[1])).toBe(Buffer.byteLength(body));
});

test('long bodies are JSON of about the size that the tables speak of', () => {
  for (const [kilobytes, body] of longBodies) {
    expect(() => JSON.parse(body.toString())).not.toThrow();
    expect(body.length / 1000 / kilobytes).toBeCloseTo(1, 1);
  }
});
