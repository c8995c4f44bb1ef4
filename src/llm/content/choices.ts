import type { SaidCall, SaidChoice } from '../../core/content.ts';
import { type JsonObject, parseJson } from '../json-object.ts';

/** Puts together what the events of an answer say. An answer that is one JSON text is one event. */
export interface AnswerParts {
  see(event: JsonObject): void;
  /** Text or a tool call was seen. */
  readonly begun: boolean;
  choices(): readonly SaidChoice[];
}

/** A call of a tool whose arguments come as pieces of JSON text. */
interface CallParts {
  tool: string;
  json: string;
}

/** One choice while it is put together. */
export class ChoiceParts {
  text = '';
  other = false;
  cut = false;
  readonly calls: SaidCall[] = [];
  /** By their index in the stream. */
  readonly callsInParts = new Map<unknown, CallParts>();

  get begun(): boolean {
    return this.text !== '' || this.other || this.calls.length > 0 || this.callsInParts.size > 0;
  }

  /** The call in parts at that index. */
  callAt(index: unknown): CallParts {
    let call = this.callsInParts.get(index);
    if (!call) {
      call = { tool: '', json: '' };
      this.callsInParts.set(index, call);
    }
    return call;
  }

  said(): SaidChoice {
    const inParts = [...this.callsInParts.values()].map(({ tool, json }) => ({ tool, arguments: argumentsIn(json) }));
    return { text: this.text, other: this.other, cut: this.cut, calls: [...this.calls, ...inParts] };
  }
}

/** The value of arguments that are JSON text; undefined where they are not JSON. A tool without parameters may get none. */
export function argumentsIn(json: unknown): unknown {
  if (typeof json !== 'string') return undefined;
  return json.trim() === '' ? {} : parseJson(Buffer.from(json));
}

/** The text, or nothing for anything else. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** By the index of the choice, made when it is first seen. */
export function choiceAt(choices: Map<unknown, ChoiceParts>, index: unknown): ChoiceParts {
  let choice = choices.get(index);
  if (!choice) {
    choice = new ChoiceParts();
    choices.set(index, choice);
  }
  return choice;
}
