import type { ProxiedRequest } from '../../core/exchange.ts';
import { changeableBody, withPiece } from '../changed-body.ts';
import { type JsonObject, parseObject } from '../json-object.ts';
import { asBuffer, elementsOf, scanObject } from '../json-scan.ts';
import { type Entry, leftOut } from './left-out.ts';

/**
 * The request without some messages of the list that stands under `member`, every other byte as it was; see `leftOut`.
 * Undefined where the body cannot be changed, holds no such list, or one of which nothing can be left out.
 */
export function shorten(
  request: ProxiedRequest,
  member: string,
  entryOf: (message: JsonObject) => Entry,
  share: number,
): ProxiedRequest | undefined {
  const bytes = changeableBody(request);
  const list = bytes && scanObject(bytes)?.get(member);
  const ranges = bytes && elementsOf(bytes, list);
  if (!bytes || !list || !ranges) return undefined;
  const texts = ranges.map(({ start, end }) => asBuffer(bytes.subarray(start, end)));
  const messages = texts.map(parseObject);
  if (!messages.every((message) => message !== undefined)) return undefined;
  const out = leftOut(messages.map(entryOf), share);
  if (!out) return undefined;
  const kept = texts.filter((_, index) => !out.has(index)).map(String);
  // It asks the same of the same model: the description stays.
  return { ...withPiece(request, bytes, list, `[${kept.join(',')}]`, noDescription), call: () => request.call() };
}

function noDescription(): never {
  throw new Error('a shortened request is described as the one that it was made of');
}
