import type { ContentFacts, Demand, SaidChoice } from '../../core/content.ts';
import type { RequestFacts } from '../../core/dialect.ts';
import { plainPath } from '../describe.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { type AnswerParts, ChoiceParts, textIn } from './choices.ts';
import { askedIn, functionsIn, noDemand } from './demand.ts';
import { readerOf } from './reader.ts';

/** What Ollama's chats and generations are asked for and say. */
export const ollamaContent: ContentFacts = {
  demand(request, body) {
    if (!writes(request)) return undefined;
    const asked = askedIn(request, body);
    return asked ? demandOf(asked) : noDemand;
  },
  reader: (_request, headers) => readerOf(new LineParts(), headers),
};

function writes(request: RequestFacts): boolean {
  return request.method === 'POST' && /\/api\/(chat|generate)$/.test(plainPath(request));
}

function demandOf(request: JsonObject): Demand {
  const schema = asObject(request['format']);
  return { json: schema !== undefined || request['format'] === 'json', schema, tools: functionsIn(request['tools']) };
}

/** An answer, whole or in lines. */
class LineParts implements AnswerParts {
  readonly #parts = new ChoiceParts();

  get begun(): boolean {
    return this.#parts.begun;
  }

  see(event: JsonObject): void {
    const message = asObject(event['message']) ?? {};
    this.#parts.text += textIn(message['content']) + textIn(event['response']);
    for (const call of objectsIn(message['tool_calls'])) {
      const named = asObject(call['function']) ?? {};
      this.#parts.calls.push({ tool: textIn(named['name']), arguments: named['arguments'] ?? {} });
    }
    if (event['done_reason'] === 'length') this.#parts.cut = true;
    // It only loads the model, and says nothing because nothing was asked.
    if (event['done_reason'] === 'load' || event['done_reason'] === 'unload') this.#parts.other = true;
  }

  choices(): readonly SaidChoice[] {
    return [this.#parts.said()];
  }
}
