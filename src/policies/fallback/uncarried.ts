import type { DialectName } from '../../core/dialect.ts';

/** What keeps most calls from moving to a target of another wire format, by the formats of the call and of the target. */
const uncarried: Readonly<Partial<Record<DialectName, Readonly<Partial<Record<DialectName, string>>>>>> = {
  openai: {
    anthropic:
      'anything but chat completions, n above 1, seed, logprobs, logit_bias, penalties, a temperature above 1, response_format, ' +
      'reasoning_effort, store, metadata, audio, files, custom tools, instructions behind the first turn',
  },
  anthropic: {
    openai:
      'anything but messages, thinking, signatures, cache_control, server tools, documents, citations, failed tool results (is_error), ' +
      'top_k, output_config, containers, threads, anthropic-beta, a prefilled answer',
  },
};

/** What cannot be carried from one wire format to the other; undefined where nothing can, for want of a translator. */
export function uncarriedBetween(asked: DialectName | 'auto', spoken: DialectName | 'auto'): string | undefined {
  return asked === 'auto' || spoken === 'auto' ? undefined : uncarried[asked]?.[spoken];
}
