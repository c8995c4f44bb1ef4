import type { Judgement, Watcher } from '../core/dialect.ts';
import type { Verdict } from '../core/verdict.ts';
import { verdictOfError, verdictOfStatus } from './classify.ts';
import { errorIn } from './error-facts.ts';
import { asObject, parseJson } from './json-object.ts';

const limitBytes = 64 * 1024;

/** Follows a reply of status 4xx or 5xx. The status judges it; a code in the body, up to 64 KB, may say more at its end. */
export class ErrorWatcher implements Watcher {
  readonly head: Verdict;
  readonly started = true;
  meaningful = 0;
  readonly #status: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(status: number) {
    this.#status = status;
    this.head = verdictOfStatus(status);
  }

  push(chunk: Uint8Array): Verdict {
    if (chunk.byteLength > 0) {
      this.meaningful += 1;
      this.#bytes += chunk.byteLength;
      if (this.#bytes <= limitBytes) this.#chunks.push(chunk);
      else this.#chunks = [];
    }
    return this.head;
  }

  end(whole: boolean): Judgement {
    const error = errorIn(asObject(parsed(this.#chunks)) ?? {});
    if (!error) return { verdict: this.head, complete: whole };
    const verdict = verdictOfError(this.#status, error);
    return { verdict, complete: whole, ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }) };
  }
}

/** The JSON in the chunks; of an array the first element, as Google sends errors of streams. */
function parsed(chunks: readonly Uint8Array[]): unknown {
  const value = parseJson(Buffer.concat(chunks));
  return Array.isArray(value) ? value[0] : value;
}
