import type { JsonObject } from '../../json-object.ts';
import { imageBlock } from '../images.ts';
import { Reading } from '../reading.ts';
import { Untranslatable } from '../untranslatable.ts';

/** A message's text or parts as blocks. Anthropic's interface takes no text of blanks alone. */
export function blocksOf(content: unknown, path: string, kinds: { images: boolean }): JsonObject[] {
  if (typeof content === 'string') return [textBlock(content, path)];
  if (!Array.isArray(content) || content.length === 0) throw new Untranslatable(path);
  return content.map((value: unknown, index) => {
    const part = new Reading(value, `${path}[${index}]`);
    const block = blockOf(part, kinds);
    part.end();
    return block;
  });
}

function blockOf(part: Reading, { images }: { images: boolean }): JsonObject {
  const type = part.text('type');
  if (type === 'text') return textBlock(part.needText('text'), part.at('text'));
  if (type === 'image_url' && images) return imageBlock(part);
  return part.refuse('type', String(type));
}

function textBlock(text: string, path: string): JsonObject {
  if (text.trim() === '') throw new Untranslatable(`${path} is blank`);
  return { type: 'text', text };
}
