import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import { isCredentialName } from './credential-name.ts';
import { isReference, type SourceText } from './source-text.ts';

/** Deeper ones are refused anyway. */
const depthLimit = 40;

/** Hides in excerpts what stands below keys that usually hold secrets, unless it only says where the secret is. */
export function hideSecrets(document: Document, source: SourceText): void {
  const hidden = new Set<unknown>();
  const walk = (node: unknown, secret: boolean, depth: number, section: unknown): void => {
    if (depth > depthLimit || hidden.has(node)) return;
    if (secret) hidden.add(node);
    // Only where an alias stands for a secret is it of interest; the anchor itself is walked in its own place.
    if (secret && isAlias(node)) walk(node.resolve(document), true, depth + 1, section);
    if (isMap(node)) for (const { key, value } of node.items) walk(value, secret || hidesSecret(key, section), depth + 1, textOf(key));
    if (isSeq(node)) for (const item of node.items) walk(item, secret, depth + 1, section);
    if (secret && isScalar(node)) hide(node, source);
  };
  walk(document.contents, false, 0, '');
}

function hidesSecret(key: unknown, section: unknown): boolean {
  const name = textOf(key);
  // Who knows the URL of a webhook may post to it.
  return isCredentialName(name) || (name === 'url' && (section === 'slack' || section === 'webhook'));
}

function textOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : '';
}

function hide({ range }: Node, source: SourceText): void {
  if (range && !isReference(source.text.slice(range[0], range[1]))) source.hide([range[0], range[1]]);
}
