import type { AnswerReader, SaidChoice } from '../../core/content.ts';
import type { Exchange } from '../../core/exchange.ts';
import { headerValue, mediaType } from '../../core/headers.ts';
import { type Reply, tap } from '../../core/outcome.ts';

/** Bytes of an answer of no known form that are kept. */
const limitBytes = 16 * 1024;

/** What an answer has said, for a span that may show content. */
export class AnswerCopy {
  /** As a model said it; undefined where its format is not known. */
  choices: readonly SaidChoice[] | undefined;
  readonly #reader: AnswerReader | undefined;
  readonly #isText: boolean;
  #kept: Uint8Array[] = [];
  #bytes = 0;

  constructor({ dialect, request }: Exchange, { headers }: Reply) {
    const demand = dialect.content?.demand(request, request.body.bytes);
    this.#reader = demand && dialect.content?.reader(request, headers);
    this.#isText = headerValue(headers, 'content-encoding') === undefined && /json|text|xml/.test(mediaType(headers));
  }

  /** The same reply, looked at while it passes. */
  follow(reply: Reply): Reply {
    return tap(reply, {
      chunk: async (bytes) => {
        if (this.#reader) await this.#reader.push(bytes);
        else this.#keep(bytes);
        return bytes;
      },
      end: async (ending) => {
        this.choices = await this.#reader?.end();
        return ending;
      },
    });
  }

  /** The beginning of an answer that no model has said. */
  text(): string | undefined {
    return this.#kept.length === 0 ? undefined : Buffer.concat(this.#kept).toString('utf8');
  }

  #keep(bytes: Uint8Array): void {
    if (!this.#isText || this.#bytes >= limitBytes) return;
    const part = bytes.subarray(0, limitBytes - this.#bytes);
    this.#kept.push(Uint8Array.from(part));
    this.#bytes += part.byteLength;
  }
}
