/** A field of a protobuf message: a varint or fixed number as bigint, or bytes. */
export type Wire = bigint | Uint8Array;

/** The fields of one message, by their numbers, each with all its values. Throws where the bytes are no protobuf. */
export function fieldsOf(bytes: Uint8Array): Map<number, Wire[]> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields = new Map<number, Wire[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= view.length) throw new Error('the message ends within a varint');
      const byte = view[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < view.length) {
    const key = Number(varint());
    const values = fields.get(key >> 3) ?? [];
    fields.set(key >> 3, values);
    if ((key & 7) === 0) values.push(varint());
    else if ((key & 7) === 1) {
      values.push(view.readBigUInt64LE(at));
      at += 8;
    } else if ((key & 7) === 2) {
      const length = Number(varint());
      if (at + length > view.length) throw new Error('the message ends within a field');
      values.push(view.subarray(at, at + length));
      at += length;
    } else if ((key & 7) === 5) {
      values.push(BigInt(view.readUInt32LE(at)));
      at += 4;
    } else throw new Error(`unknown wire type ${key & 7}`);
  }
  return fields;
}

/** The messages in a field. */
export function messagesIn(fields: Map<number, Wire[]>, number: number): Map<number, Wire[]>[] {
  return (fields.get(number) ?? []).map((value) => fieldsOf(value as Uint8Array));
}

export function textIn(fields: Map<number, Wire[]>, number: number): string {
  return Buffer.from((fields.get(number)?.[0] as Uint8Array | undefined) ?? []).toString('utf8');
}

export function hexIn(fields: Map<number, Wire[]>, number: number): string {
  return Buffer.from((fields.get(number)?.[0] as Uint8Array | undefined) ?? []).toString('hex');
}

export function numberIn(fields: Map<number, Wire[]>, number: number): number {
  return Number(fields.get(number)?.[0] ?? 0n);
}

/** The attributes (`KeyValue`, opentelemetry.proto.common.v1) in a field. */
export function attributesIn(fields: Map<number, Wire[]>, number: number): Record<string, unknown> {
  return Object.fromEntries(messagesIn(fields, number).map((pair) => [textIn(pair, 1), valueIn(messagesIn(pair, 2)[0]!)]));
}

function valueIn(any: Map<number, Wire[]>): unknown {
  if (any.has(1)) return textIn(any, 1);
  if (any.has(2)) return any.get(2)![0] === 1n;
  if (any.has(3)) return Number(BigInt.asIntN(64, any.get(3)![0] as bigint));
  if (any.has(4)) {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(any.get(4)![0] as bigint);
    return buffer.readDoubleLE();
  }
  if (any.has(5)) return messagesIn(messagesIn(any, 5)[0]!, 1).map(valueIn);
  return undefined;
}
