import type { JsonObject } from '../json-object.ts';
import { Reading } from './reading.ts';

/** The kinds of images that Anthropic's interface takes. */
const dataUrl = /^data:(image\/(?:jpeg|png|gif|webp));base64,([A-Za-z0-9+/]+={0,2})$/;

/** A part `image_url` of a chat as a block `image`. How closely the model is to look (`detail`) can only be left to it. */
export function imageBlock(part: Reading): JsonObject {
  const image = new Reading(part.take('image_url'), part.at('image_url'));
  image.only('detail', 'auto');
  const url = image.needText('url');
  image.end();
  const [, mediaType, data] = dataUrl.exec(url) ?? [];
  if (data !== undefined) return { type: 'image', source: { type: 'base64', media_type: mediaType, data } };
  if (!/^https?:\/\//i.test(url)) return image.refuse('url', 'is neither http nor the base64 of a jpeg, png, gif or webp');
  return { type: 'image', source: { type: 'url', url } };
}

/** A block `image` as a part of a chat. */
export function imagePart(block: Reading): JsonObject {
  const source = new Reading(block.take('source'), block.at('source'));
  const url = urlOf(source);
  source.end();
  return { type: 'image_url', image_url: { url } };
}

function urlOf(source: Reading): string {
  const type = source.text('type');
  if (type === 'url') return source.needText('url');
  if (type === 'base64') return `data:${source.needText('media_type')};base64,${source.needText('data')}`;
  return source.refuse('type');
}
