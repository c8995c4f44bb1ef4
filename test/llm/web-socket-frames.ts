/** A frame of RFC 6455, section 5.2; masked where there is a mask, as those of clients are. */
export function frame(opcode: number, payload: Buffer, { last = true, mask }: { last?: boolean; mask?: number } = {}): Buffer {
  const { length } = payload;
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(2 + (short === 126 ? 2 : short === 127 ? 8 : 0));
  head[0] = (last ? 0x80 : 0) | opcode;
  head[1] = (mask === undefined ? 0 : 0x80) | short;
  if (short === 126) head.writeUInt16BE(length, 2);
  if (short === 127) head.writeBigUInt64BE(BigInt(length), 2);
  if (mask === undefined) return Buffer.concat([head, payload]);
  const key = Buffer.alloc(4);
  key.writeUInt32BE(mask);
  return Buffer.concat([head, key, payload.map((byte, i) => byte ^ key[i & 3]!)]);
}

/** A message of one frame, as a server sends it. */
export const fromServer = (value: object): Buffer => frame(1, Buffer.from(JSON.stringify(value)));

/** A message of one frame, as a client sends it. */
export const fromClient = (value: object): Buffer => frame(1, Buffer.from(JSON.stringify(value)), { mask: 0x8a_01_ff_37 });
