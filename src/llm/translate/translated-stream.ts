import { TappedSource } from '../../core/derived-source.ts';
import { createReply, type Ending, type Read, type Reply, type Tap } from '../../core/outcome.ts';
import { answerHead } from './answer-head.ts';
import { type EventTranslation, StreamTranslation } from './stream-translation.ts';
import { orUntranslatable, Untranslatable } from './untranslatable.ts';

const type = 'text/event-stream; charset=utf-8';

/**
 * A stream in the caller's format. What is at hand is translated up to the first content, so that an answer which begins
 * with something untranslatable is told before it is handed on; later, the stream breaks off at it.
 */
export function translatedStream(reply: Reply, events: EventTranslation): Reply | Untranslatable {
  const stream = new StreamTranslation(events);
  const begun: string[] = [];
  while (!stream.begun) {
    const read = reply.body.poll();
    if (!read) break;
    if (read.done) return handedOn(reply, new TranslatedBody(reply, stream, begun, true));
    const said = orUntranslatable(() => stream.push(read.value));
    if (said instanceof Untranslatable) {
      reply.discard();
      return said;
    }
    begun.push(said);
  }
  return handedOn(reply, new TranslatedBody(reply, stream, begun, false));
}

function handedOn(reply: Reply, body: TranslatedBody): Reply {
  return createReply(answerHead(reply, reply.status, type), new TappedSource(reply, body), reply.source);
}

/** Gives what each read says in the other format; a read that says nothing yet is followed by the next. */
class TranslatedBody implements Tap {
  readonly #reply: Reply;
  readonly #stream: StreamTranslation;
  #begun: string[];
  #over: boolean;
  #bytes = 0;

  constructor(reply: Reply, stream: StreamTranslation, begun: string[], over: boolean) {
    this.#reply = reply;
    this.#stream = stream;
    this.#begun = begun;
    this.#over = over;
  }

  async read(next: () => Promise<Read>): Promise<Uint8Array | undefined> {
    const begun = this.#begun.join('');
    this.#begun = [];
    if (begun !== '') return this.#given(begun);
    while (!this.#over) {
      const read = await next();
      if (read.done) {
        this.#over = true;
        break;
      }
      const said = this.#stream.push(read.value);
      if (said !== '') return this.#given(said);
    }
    return this.#rest();
  }

  end(ending: Ending): Ending {
    return { ...ending, bytes: this.#bytes };
  }

  /** What a server left unfinished behind a whole message; of a cut one it is half an event. */
  async #rest(): Promise<Uint8Array | undefined> {
    const { complete } = await this.#reply.ended;
    const rest = complete ? this.#stream.end() : '';
    return rest === '' ? undefined : this.#given(rest);
  }

  #given(text: string): Uint8Array {
    const bytes = Buffer.from(text);
    this.#bytes += bytes.byteLength;
    return bytes;
  }
}
