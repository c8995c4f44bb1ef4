import type { IncomingMessage } from 'node:http';
import { AdminError } from './admin-error.ts';
import type { AdminRoute } from './route.ts';

const usualLimitBytes = 64 * 1024;

/**
 * What a POST carries: JSON, or the fields of a form where the route takes one. Other types are not read: a form of another
 * site can send any other type than JSON without being asked. Throws `unsupported_media_type`, `body_too_large` or `bad_request`.
 */
export async function readBody(request: IncomingMessage, { form = false, limitBytes = usualLimitBytes }: AdminRoute): Promise<unknown> {
  const wanted = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const [type] = (request.headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== wanted) throw new AdminError('unsupported_media_type', `a POST needs content-type: ${wanted}`);
  const bytes = await bytesOf(request, limitBytes);
  if (form) return Object.fromEntries(new URLSearchParams(bytes.toString()));
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new AdminError('bad_request', 'the body is not JSON');
  }
}

async function bytesOf(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
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
