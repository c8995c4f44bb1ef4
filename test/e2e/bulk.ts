import { createHash, randomBytes } from 'node:crypto';

const megabyte = 1024 * 1024;
const noise = randomBytes(megabyte);

/** So many megabytes, of which no two are the same. */
export function* megabytes(count: number): Generator<Buffer> {
  for (let i = 0; i < count; i += 1) {
    const one = Buffer.from(noise);
    one.writeUInt32BE(i);
    yield one;
  }
}

export interface Digest {
  bytes: number;
  sha256: string;
}

/** Length and hash of what comes. */
export async function digestOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest('hex') };
}
