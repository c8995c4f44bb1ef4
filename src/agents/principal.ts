import { createHmac } from 'node:crypto';
import type { RequestFacts } from '../core/dialect.ts';
import { headerValue } from '../core/headers.ts';

/** Where callers of models and tools put their keys. */
const credentialFields = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'] as const;

/** Tells the callers of a sidecar apart without keeping their keys. */
export class Principals {
  readonly #readSecret: () => Uint8Array;
  #secret: Uint8Array | undefined;

  /** The secret, asked for once, is known to this installation alone: nobody can try keys out on a tag. */
  constructor(readSecret: () => Uint8Array) {
    this.#readSecret = readSecret;
  }

  /** A tag of the credential that a request carries: equal for equal credentials; empty for a request without one. */
  of({ path, headers }: RequestFacts): string {
    for (const name of credentialFields) {
      const value = headerValue(headers, name);
      if (value !== undefined) return this.tag(value);
    }
    const key = /[?&]key=([^&]+)/.exec(path)?.[1];
    return key === undefined ? '' : this.tag(decodeURIComponentSafely(key));
  }

  /** The tag of a key, whichever field it comes in and with whatever scheme before it. */
  tag(credential: string): string {
    const key = credential.trim().replace(/^bearer\s+/iu, '');
    this.#secret ??= this.#readSecret();
    return createHmac('sha256', this.#secret).update(key).digest('base64url').slice(0, 16);
  }
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
