import type { IncomingMessage } from 'node:http';
import { AdminError } from './admin-error.ts';

const limitBytes = 64 * 1024;

/**
 * The JSON that a POST carries. Only `application/json` is read: a form of another site can send any other type without
 * being asked. Throws `unsupported_media_type`, `body_too_large` or `bad_request`.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const [type] = (request.headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/json')
    throw new AdminError('unsupported_media_type', 'a POST needs content-type: application/json');
  const body = await readBody(request);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new AdminError('bad_request', 'the body is not JSON');
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    // The connection must live on for the answer that says no.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > limitBytes) throw new AdminError('body_too_large', `a body may have ${limitBytes} bytes`, { connection: 'close' });
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof AdminError ? error : new AdminError('bad_request', 'the body broke off');
  }
  return Buffer.concat(chunks);
}
