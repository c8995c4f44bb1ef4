import { Untranslatable } from './untranslatable.ts';

/** Why a message ended, and what chat completions call it. A pause of server tools has no counterpart. */
const finishByStop: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** A chat completion does not tell whether a stop sequence has ended it. */
const stopByFinish: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
};

/** The `finish_reason` for a `stop_reason`. */
export function finishReason(stop: unknown): string {
  const reason = typeof stop === 'string' && Object.hasOwn(finishByStop, stop) ? finishByStop[stop] : undefined;
  if (reason === undefined) throw new Untranslatable(`stop_reason ${String(stop)}`);
  return reason;
}

/** The `stop_reason` for a `finish_reason`: an answer with tool calls waits for their results, even where it says `stop`. */
export function stopReason(finish: unknown, said: { calls: boolean; refusal: boolean }): string {
  const reason = typeof finish === 'string' && Object.hasOwn(stopByFinish, finish) ? stopByFinish[finish] : undefined;
  if (reason === undefined) throw new Untranslatable(`finish_reason ${String(finish)}`);
  if (reason !== 'end_turn') return reason;
  if (said.calls) return 'tool_use';
  return said.refusal ? 'refusal' : reason;
}
