import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Keys whose tags are remembered: an HMAC costs as much as the rest of a call's naming. */
const tagsRemembered = 1000;

/** Tells the callers of a sidecar apart without keeping their keys. */
export class Principals {
  readonly #readSecret: () => Uint8Array;
  readonly #tags = new LRUCache<string, string>({ max: tagsRemembered });
  #secret: Uint8Array | undefined;

  /** The secret, asked for once, is known to this installation alone: nobody can try keys out on a tag. */
  constructor(readSecret: () => Uint8Array) {
    this.#readSecret = readSecret;
  }

  /** The tag of a key, whichever field it comes in and with whatever scheme before it. */
  tag(credential: string): string {
    const known = this.#tags.get(credential);
    if (known !== undefined) return known;
    const key = credential.trim().replace(/^bearer\s+/iu, '');
    this.#secret ??= this.#readSecret();
    const tag = createHmac('sha256', this.#secret).update(key).digest('base64url').slice(0, 16);
    this.#tags.set(credential, tag);
    return tag;
  }
}
