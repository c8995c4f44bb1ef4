import type { Call } from '../core/dialect.ts';
import type { ProxiedRequest } from '../core/exchange.ts';
import { changeableBody, withPiece } from './changed-body.ts';
import { type Members, scanObject } from './json-scan.ts';

/**
 * The same request with another value in the body's top-level `model`, every other byte as it was. Undefined where that
 * cannot be done exactly: the body is gone, encoded, vouched for by a digest, or no JSON object with exactly one `model`.
 */
export function retargetModel(request: ProxiedRequest, model: string, describe: (body: Uint8Array) => Call): ProxiedRequest | undefined {
  const bytes = changeableBody(request);
  const members = bytes && scanObject(bytes);
  const member = members?.get('model');
  if (!members || member?.hits !== 1 || hasLookalike(members)) return undefined;
  return withPiece(request, bytes, member, JSON.stringify(model), describe);
}

/** Parsers that match keys without regard to case (Go's encoding/json) would take `Model` for it too. */
function hasLookalike(members: Members): boolean {
  return [...members.keys()].some((key) => key !== 'model' && key.toLowerCase() === 'model');
}
