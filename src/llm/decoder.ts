import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type Gunzip,
  type ZstdDecompress,
} from 'node:zlib';

/** Whatever decompresses in node:zlib; they differ in name only. */
type Decompressor = Gunzip | ZstdDecompress;

export const encodings = ['gzip', 'x-gzip', 'deflate', 'br', 'zstd'] as const;
export type Encoding = (typeof encodings)[number];

/** `over`: the data has ended by itself; `broken`: it is corrupt or was cut; `full`: there is more than the limit. */
export type DecoderState = 'going' | 'over' | 'broken' | 'full';

/** Undoes one content coding chunk by chunk: each call resolves to what its bytes have made known. Never rejects. */
export class Decoder {
  readonly #encoding: Encoding;
  readonly #limitBytes: number;
  #stream: Decompressor | undefined;
  #out: Buffer[] = [];
  #outBytes = 0;
  #state: DecoderState = 'going';
  #settle: () => void = () => undefined;

  /** `limitBytes`: so much is given out in all before it is `full` and stops. */
  constructor(encoding: Encoding, limitBytes: number) {
    this.#encoding = encoding;
    this.#limitBytes = limitBytes;
  }

  get state(): DecoderState {
    return this.#state;
  }

  decode(chunk: Uint8Array): Promise<readonly Buffer[]> {
    if (this.#state !== 'going' || chunk.byteLength === 0) return Promise.resolve([]);
    const stream = this.#opened(chunk);
    return this.#output(() => stream.write(chunk, () => this.#settle()));
  }

  /** The input is over: the rest of the output. */
  finish(): Promise<readonly Buffer[]> {
    const stream = this.#stream;
    if (!stream || this.#state !== 'going') return Promise.resolve([]);
    return this.#output(() => stream.end());
  }

  close(): void {
    this.#stream?.destroy();
  }

  #opened(first: Uint8Array): Decompressor {
    if (this.#stream) return this.#stream;
    const stream = decompressor(this.#encoding, first);
    stream.on('data', (out: Buffer) => {
      if (this.#state !== 'going') return;
      this.#out.push(out);
      this.#outBytes += out.length;
      if (this.#outBytes > this.#limitBytes) this.#stop('full');
    });
    stream.on('error', () => this.#stop('broken'));
    stream.on('end', () => {
      if (this.#state === 'going') this.#state = 'over';
    });
    // Also where it is destroyed in the middle of a write, which then calls no one back.
    stream.on('close', () => this.#settle());
    this.#stream = stream;
    return stream;
  }

  #stop(state: 'broken' | 'full'): void {
    if (this.#state === 'going') this.#state = state;
    this.#stream?.destroy();
  }

  /** Resolves to what comes out until the work that is begun has settled. */
  #output(begin: () => void): Promise<readonly Buffer[]> {
    return new Promise((resolve) => {
      const settle = () => {
        const out = this.#out;
        this.#out = [];
        resolve(out);
      };
      this.#settle = settle;
      begin();
    });
  }
}

function decompressor(encoding: Encoding, first: Uint8Array): Decompressor {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ flush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      // RFC 9110 means the zlib format; some servers send raw deflate data, which never begins like it.
      return ((first[0] ?? 0) & 0x0f) === 8
        ? createInflate({ flush: constants.Z_SYNC_FLUSH })
        : createInflateRaw({ flush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
    case 'zstd':
      return createZstdDecompress({ flush: constants.ZSTD_e_flush });
  }
}
