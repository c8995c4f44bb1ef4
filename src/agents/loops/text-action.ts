/** What an agent does whose protocol is text. */
export interface TextAction {
  /** `text` where the words do not name one apart. */
  readonly tool: string;
  readonly input: string;
}

const fence = /```[^\n]*\n([\s\S]*?)```/u;

/** Behind a word for it at the beginning of a line, up to what comes of it or the next thought. */
const said = /^(?:action|command|execute)\b[ \t]*:?([\s\S]*?)(?=^[ \t]*(?:observation|thought)\b|$(?![\s\S]))/imu;

/** A tool and what it is given, on lines of their own. */
const parted = /^[ \t]*([^\n]{1,100}?)[ \t]*\n[ \t]*(?:action[ \t_]?)?input\b[ \t]*:?([\s\S]*)$/iu;

/** The action in an answer: what stands behind a word for it or in a code block, whichever comes first; undefined where there is neither. */
export function textAction(text: string): TextAction | undefined {
  const word = said.exec(text);
  const block = fence.exec(text);
  if (block && (!word || block.index < word.index)) return { tool: 'text', input: (block[1] ?? '').trim() };
  if (!word) return undefined;
  const told = (word[1] ?? '').trim();
  const [, tool, input] = parted.exec(told) ?? [];
  return tool === undefined ? { tool: 'text', input: bare(told) } : { tool, input: bare(input ?? '') };
}

/** What came of an action, without the word for it. */
export function textResult(text: string): string {
  return text.replace(/^\s*observation[ \t]*:\s*/iu, '');
}

function bare(text: string): string {
  return (fence.exec(text)?.[1] ?? text).trim();
}
