import { behindSpace } from './json-scan.ts';
import { standsAt } from './tokens.ts';

/**
 * UTF-8 bytes of text a token, about: English prose has 4.5, code and other European languages 3 to 4, Chinese and Japanese
 * 3 to 4.5. docs/costs.md says how far this is off.
 */
export const bytesPerToken = 4;

/** Members of answers that hold what a model wrote, as a text: OpenAI, Anthropic, Gemini, Ollama, and those that speak like them. */
const textKeys = [
  'content',
  'text',
  'thinking',
  'reasoning_content',
  'reasoning',
  'refusal',
  'arguments',
  'partial_json',
  'delta',
  'response',
].map((name) => `"${name}":`);
/** By the byte behind the quote: whether any of them goes on like that. */
const textStarts = new Uint8Array(256);
for (const key of textKeys) textStarts[key.charCodeAt(1)] = 1;

const quote = 0x22;
const backslash = 0x5c;

/** Bytes of the texts that a model wrote in a piece of an answer; a text that the piece ends in counts as far as it goes. */
export function textBytesIn(json: Buffer): number {
  let sum = 0;
  for (let at = 0, last = json.length - 1; at < last; at += 1) {
    if (json[at] !== quote || textStarts[json[at + 1] as number] !== 1) continue;
    const key = textKeys.find((one) => standsAt(json, at, one));
    if (key === undefined) continue;
    const start = behindSpace(json, at + key.length);
    if (json[start] !== quote) continue;
    at = textEnd(json, start + 1);
    sum += at - start - 1;
  }
  return sum;
}

function textEnd(json: Buffer, from: number): number {
  for (let end = json.indexOf(quote, from); end >= 0; end = json.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return json.length;
}

/** A body is looked at in pieces of that many bytes, each judged by as many of its first as base64 alone fills. */
const pieceBytes = 256;
const probeBytes = 64;

/** The characters of base64, also of that for URLs. */
const inBase64 = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=') inBase64[character.charCodeAt(0)] = 1;

/**
 * Tokens that a request comes to, by its size: all of its JSON counts, with the tools, but no image and no other file that
 * stands in it as base64. 0 for a body that is no JSON object, such as a form or a compressed one.
 */
export function estimateInput(body: Uint8Array): number {
  if (body[behindSpace(body, 0)] !== 0x7b) return 0;
  let bytes = body.length;
  for (let at = 0; at + probeBytes <= body.length; at += pieceBytes) {
    let seen = 0;
    while (seen < probeBytes && inBase64[body[at + seen] as number] === 1) seen += 1;
    if (seen === probeBytes) bytes -= Math.min(pieceBytes, body.length - at);
  }
  return Math.ceil(bytes / bytesPerToken);
}
