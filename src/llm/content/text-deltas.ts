import type { PieceReader } from '../../core/conversation.ts';
import type { DialectName } from '../../core/dialect.ts';
import { mediaType, type RawHeaders } from '../../core/headers.ts';
import { asObject, type JsonObject, objectsIn } from '../json-object.ts';
import { textIn } from './choices.ts';
import { readerOf } from './reader.ts';

/** Tells `onText` each piece of text of a streamed answer as it comes, without thoughts and calls; undefined for other answers. */
export function textDeltas(dialect: DialectName, headers: RawHeaders, onText: (text: string) => void): PieceReader<unknown> | undefined {
  const type = mediaType(headers);
  const textOf = pieces[dialect];
  if (!textOf || (type !== 'text/event-stream' && type !== 'application/x-ndjson')) return undefined;
  const see = (event: JsonObject) => {
    const text = textOf(event);
    if (text !== '') onText(text);
  };
  return readerOf({ see, begun: false, choices: () => [] }, headers);
}

/** The text that an event adds, by wire format. Of several choices, the first alone. */
const pieces: Readonly<Partial<Record<DialectName, (event: JsonObject) => string>>> = {
  openai(event) {
    if (event['type'] === 'response.output_text.delta') return textIn(event['delta']);
    const [choice] = objectsIn(event['choices']);
    if (choice && (choice['index'] ?? 0) !== 0) return '';
    return textIn(asObject(choice?.['delta'])?.['content']) || textIn(choice?.['text']);
  },
  anthropic: (event) => (event['type'] === 'content_block_delta' ? textIn(asObject(event['delta'])?.['text']) : ''),
  gemini(event) {
    const content = asObject(objectsIn(event['candidates'])[0]?.['content']);
    return objectsIn(content?.['parts'])
      .map((part) => (part['thought'] === true ? '' : textIn(part['text'])))
      .join('');
  },
  ollama: (event) => textIn(asObject(event['message'])?.['content']) || textIn(event['response']),
};
