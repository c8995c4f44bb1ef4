import type { Call } from '../core/dialect.ts';
import type { ProxiedRequest } from '../core/exchange.ts';
import { changeableBody, withPiece } from './changed-body.ts';
import { asBuffer, elementsOf, type Range, scanObject, textOf } from './json-scan.ts';
import { markedNote } from './note.ts';

/** What an input item is that the agent has written, and not the model. */
const agentRoles = new Set(['user', 'system', 'developer']);
const agentTypes = /_output$|^mcp_approval_response$/;

/**
 * A call to the responses interface with a note as an input item of its own, every other byte as it was: behind the last
 * item that is the agent's, so that no tool call loses its result. An input that is one string becomes the first item.
 * Undefined where the body cannot be changed or has no such input.
 */
export function noteInInput(request: ProxiedRequest, text: string, describe: (body: Uint8Array) => Call): ProxiedRequest | undefined {
  const bytes = changeableBody(request);
  const input = bytes && scanObject(bytes)?.get('input');
  if (!bytes || !input) return undefined;
  const note = JSON.stringify({ role: 'user', content: markedNote(text) });
  if (textOf(bytes, input) !== undefined) {
    const said = asBuffer(bytes).toString('utf8', input.start, input.end);
    return withPiece(request, bytes, input, `[{"role":"user","content":${said}},${note}]`, describe);
  }
  const last = elementsOf(bytes, input)?.findLast((item) => isOfAgent(bytes, item));
  return last && withPiece(request, bytes, { start: last.end, end: last.end }, `,${note}`, describe);
}

function isOfAgent(bytes: Uint8Array, { start, end }: Range): boolean {
  const item = bytes.subarray(start, end);
  const members = scanObject(item);
  const role = textOf(item, members?.get('role'));
  return role === undefined ? agentTypes.test(textOf(item, members?.get('type')) ?? '') : agentRoles.has(role);
}
