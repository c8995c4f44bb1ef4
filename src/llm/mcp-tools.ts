import type { Judgement, ListedTool, Watcher } from '../core/dialect.ts';
import { mediaType, type RawHeaders } from '../core/headers.ts';
import type { Verdict } from '../core/verdict.ts';
import { contentEncodings, DecodedWatcher } from './decoded-watcher.ts';
import { asObject, type JsonObject, objectsIn, parseJson } from './json-object.ts';
import { asBuffer } from './json-scan.ts';
import { BoundedBytes } from './lines.ts';
import { SseReader } from './sse.ts';

/** A message above this is not looked into: its tools stay unknown. */
const messageLimitBytes = 4 * 1024 * 1024;

type OnTools = (tools: readonly ListedTool[]) => void;

/** Follows an answer to `tools/list`, a page or all of it, as JSON or as a stream. */
export function watchTools(headers: RawHeaders, onTools: OnTools): Watcher | undefined {
  const type = mediaType(headers);
  const encodings = contentEncodings(headers);
  if (!encodings || (type !== 'application/json' && type !== 'text/event-stream')) return undefined;
  const watcher = new ToolsWatcher(type === 'text/event-stream', onTools);
  return encodings.length === 0 ? watcher : new DecodedWatcher(watcher, encodings);
}

/** Reads the tools and judges nothing. */
class ToolsWatcher implements Watcher {
  readonly head = 'more';
  readonly started = true;
  readonly meaningful = 0;
  readonly #onTools: OnTools;
  readonly #events: SseReader | undefined;
  readonly #whole = new BoundedBytes(messageLimitBytes + 1);

  constructor(streamed: boolean, onTools: OnTools) {
    this.#onTools = onTools;
    this.#events = streamed ? new SseReader((data) => this.#read(data), messageLimitBytes + 1) : undefined;
  }

  push(chunk: Uint8Array): Verdict | 'more' {
    if (this.#events) this.#events.push(asBuffer(chunk));
    else this.#whole.append(asBuffer(chunk), 0, chunk.byteLength);
    return 'more';
  }

  end(whole: boolean): Judgement {
    if (whole && !this.#events) this.#read(this.#whole.bytes.subarray(0, this.#whole.length));
    if (whole) this.#events?.end();
    return { verdict: 'ok', complete: whole };
  }

  #read(text: Buffer): void {
    if (text.length === 0 || text.length > messageLimitBytes) return;
    const message = parseJson(text);
    const tools = objectsIn(asObject(asObject(message)?.['result'])?.['tools']).flatMap(listed);
    if (tools.length > 0) this.#onTools(tools);
  }
}

function listed({ name, annotations }: JsonObject): ListedTool[] {
  return typeof name === 'string' ? [{ name, repeatable: isRepeatable(asObject(annotations) ?? {}) }] : [];
}

/**
 * A tool that only reads, or one that is idempotent and expressly not destructive. By the specification a tool is destructive
 * unless it says otherwise, and the hint means something only of tools that do not merely read; who claims both is not believed.
 */
function isRepeatable({ readOnlyHint, idempotentHint, destructiveHint }: JsonObject): boolean {
  if (destructiveHint === true) return false;
  return readOnlyHint === true || (idempotentHint === true && destructiveHint === false);
}
