import type { ByteReader } from './byte-reader.ts';

/** An HTTP/1.1 message that a strict reader must refuse: two readers could take it for different messages. */
class WireError extends Error {}

export interface HttpHead {
  /** Without its line end. */
  readonly startLine: string;
  /** Each as it stood on the wire, without its line end. */
  readonly headerLines: readonly string[];
  /** The head with every byte of it. */
  readonly raw: string;
}

export interface HttpMessage extends HttpHead {
  /** Without its framing. */
  readonly body: string;
  /** What each chunk of a chunked body carried. */
  readonly chunks: readonly string[];
  readonly trailerLines: readonly string[];
  /** Whether it ended as its framing wants it. */
  readonly whole: boolean;
}

export type Framing = { kind: 'none' } | { kind: 'length'; length: number } | { kind: 'chunked' } | { kind: 'close' };

/** The status of a response. */
export function statusOf(head: HttpHead): number {
  return Number(head.startLine.slice(9, 12));
}

/** The values of a field, in order; its name is compared without regard to case. */
export function valuesOf(head: HttpHead, name: string): string[] {
  return head.headerLines.filter((line) => nameIn(line) === name.toLowerCase()).map((line) => line.slice(name.length + 1).trim());
}

/** The lower-cased field names, in order. */
export function namesOf(head: HttpHead): string[] {
  return head.headerLines.map(nameIn);
}

const requestLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-\xff]+ HTTP\/1\.1$/;
const statusLine = /^HTTP\/1\.1 [1-9]\d\d [\t -~\x80-\xff]*$/;
const headerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*$/;

/**
 * Reads a head, strictly: RFC 9112 without any of the leniences that it allows. Undefined if the connection ends before
 * its first byte; throws WireError for a head that is cut, or odd in any way.
 */
export async function readHead(bytes: ByteReader, kind: 'request' | 'response'): Promise<HttpHead | undefined> {
  if (!(await bytes.any())) return undefined;
  const raw = await bytes.through('\r\n\r\n');
  if (raw === undefined) throw new WireError(`the head was cut: ${JSON.stringify(bytes.unread.slice(0, 300))}`);
  const [startLine = '', ...headerLines] = raw.slice(0, -4).split('\r\n');
  if (!(kind === 'request' ? requestLine : statusLine).test(startLine)) throw new WireError(`odd start line ${JSON.stringify(startLine)}`);
  for (const line of headerLines) if (!headerLine.test(line)) throw new WireError(`odd header line ${JSON.stringify(line)}`);
  const head = { startLine, headerLines, raw };
  if (kind === 'request' && valuesOf(head, 'host').length !== 1) throw new WireError('not exactly one Host');
  framingOf(head, kind);
  return head;
}

/** How the body is framed (RFC 9112 section 6.3); `noBody` for an answer to HEAD. Throws WireError if that is not certain. */
export function framingOf(head: HttpHead, kind: 'request' | 'response', noBody = false): Framing {
  const lengths = valuesOf(head, 'content-length');
  const codings = valuesOf(head, 'transfer-encoding');
  if (lengths.length > 1) throw new WireError('several Content-Length');
  if (lengths.length > 0 && codings.length > 0) throw new WireError('Content-Length together with Transfer-Encoding');
  if (codings.length > 0 && codings.join() !== 'chunked') throw new WireError(`Transfer-Encoding ${JSON.stringify(codings)}`);
  if (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0])) throw new WireError(`Content-Length ${JSON.stringify(lengths[0])}`);
  const status = statusOf(head);
  if (noBody || (kind === 'response' && (status < 200 || status === 204 || status === 304))) return { kind: 'none' };
  if (codings.length > 0) return { kind: 'chunked' };
  if (lengths[0] !== undefined) return { kind: 'length', length: Number(lengths[0]) };
  return { kind: kind === 'request' ? 'none' : 'close' };
}

/** Reads a body to its end, or as far as it came. */
export async function readBody(bytes: ByteReader, framing: Framing): Promise<Omit<HttpMessage, keyof HttpHead>> {
  if (framing.kind === 'chunked') return readChunked(bytes);
  let body = '';
  let whole = true;
  if (framing.kind === 'length') {
    body = await bytes.exactly(framing.length);
    whole = body.length === framing.length;
  } else if (framing.kind === 'close') {
    body = await bytes.rest();
    whole = bytes.end === 'fin';
  }
  return { body, chunks: [], trailerLines: [], whole };
}

async function readChunked(bytes: ByteReader): Promise<Omit<HttpMessage, keyof HttpHead>> {
  const chunks: string[] = [];
  const broken = () => ({ body: chunks.join(''), chunks, trailerLines: [], whole: false });
  for (;;) {
    const chunk = await readChunk(bytes);
    if (chunk === undefined) return broken();
    if (chunk === '') break;
    chunks.push(chunk);
  }
  const trailerLines: string[] = [];
  for (;;) {
    const line = await bytes.through('\r\n');
    if (line === undefined) return broken();
    if (line === '\r\n') return { body: chunks.join(''), chunks, trailerLines, whole: true };
    if (!headerLine.test(line.slice(0, -2))) throw new WireError(`odd trailer line ${JSON.stringify(line)}`);
    trailerLines.push(line.slice(0, -2));
  }
}

/** What one chunk carries; empty for the last one (its trailers are not read), undefined if the connection ends before it is whole. */
export async function readChunk(bytes: ByteReader): Promise<string | undefined> {
  const size = await bytes.through('\r\n');
  if (size === undefined) return undefined;
  if (!/^[0-9a-fA-F]{1,8}\r\n$/.test(size)) throw new WireError(`odd chunk size ${JSON.stringify(size)}`);
  const length = Number.parseInt(size, 16);
  if (length === 0) return '';
  const chunk = await bytes.exactly(length + 2);
  if (chunk.length < length + 2) return undefined;
  if (!chunk.endsWith('\r\n')) throw new WireError('a chunk is longer than its size');
  return chunk.slice(0, -2);
}

function nameIn(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
