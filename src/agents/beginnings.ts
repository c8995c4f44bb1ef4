import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { ByteRange } from '../core/dialect.ts';
import type { TurnKey } from './turn-keys.ts';

/** What is known of the turns in the beginning of a list. */
export interface Begun {
  /** Of the last turn, to go on from. */
  readonly key: TurnKey;
  /** Digest of the instructions; empty where nobody needs it. */
  readonly instructions: string;
  readonly hasTools: boolean;
}

/** A beginning that was found, and the offset in the body where it ends. */
export interface Found {
  readonly begun: Begun;
  readonly end: number;
}

interface Beginning extends Begun {
  /** Of what stands in the list up to the end of the last turn, its bracket included. */
  readonly bytes: number;
  readonly sample: number;
  /** Sample of what stands in the body around the list. */
  readonly around: number;
}

/** A list in a body, by what tells it from others. */
interface ListSeen {
  readonly body: Uint8Array;
  readonly list: ByteRange;
  readonly name: string;
  readonly around: number;
}

/** A shorter list is read as fast as its beginning is found. */
const fewestBytes = 8 * 1024;
/** Of the list, so much tells conversations apart. */
const openingBytes = 1024;

const comma = 0x2c;
const closeBracket = 0x5d;

/**
 * Knows the bytes that a conversation began with when its last request came, for the latest `maximum` conversations: only
 * what stands behind them has to be read. They are told by their number and by a checksum of the last 16 KB; of what stands
 * before that samples count, as they do in `TurnKeys`.
 */
export class Beginnings {
  readonly #known: LRUCache<string, Beginning>;

  constructor(maximum: number) {
    this.#known = new LRUCache({ max: maximum });
  }

  /** Undefined where the list is too short to be worth it. */
  look(scope: string, body: Uint8Array, list: ByteRange): ListSeen | undefined {
    const { start, end } = list;
    if (end - start < fewestBytes) return undefined;
    const around = sampleOf(body, end, body.byteLength, sampleOf(body, 0, start));
    return { body, list, name: `${scope}${sampleOf(body, start, start + openingBytes)}`, around };
  }

  /** The beginning of the list that was read before, and where it ends in the body. */
  find({ body, list, name, around }: ListSeen): Found | undefined {
    const known = this.#known.get(name);
    if (!known || known.around !== around) return undefined;
    const end = list.start + known.bytes;
    const next = end < list.end ? body[end] : undefined;
    if (next !== comma && next !== closeBracket) return undefined;
    return sampleOf(body, list.start, end) === known.sample ? { begun: known, end } : undefined;
  }

  /** All of the list was read. */
  remember({ body, list, name, around }: ListSeen, begun: Begun): void {
    let end = list.end - 1;
    while (end > list.start && (body[end - 1] ?? 0) <= 0x20) end -= 1;
    this.#known.set(name, { ...begun, bytes: end - list.start, sample: sampleOf(body, list.start, end), around });
  }
}

/** So much at the end of a range counts byte by byte; of what stands before it, as many windows of so many bytes. */
const exactBytes = 16 * 1024;
const windows = 64;
const windowBytes = 8;

function sampleOf(bytes: Uint8Array, start: number, end: number, before = 0): number {
  const exactFrom = Math.max(start, end - exactBytes);
  let sum = crc32(bytes.subarray(exactFrom, end), before);
  const step = (exactFrom - start - windowBytes) / windows;
  for (let window = 0; step > 0 && window < windows; window += 1) {
    const from = start + Math.floor(window * step);
    for (let at = from; at < from + windowBytes; at += 1) sum = Math.imul(sum ^ (bytes[at] ?? 0), 0x01000193);
  }
  return sum >>> 0;
}
