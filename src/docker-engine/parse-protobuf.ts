/** One field as it lies on the wire. Numbers that do not matter here are passed over. */
export interface WireField {
  readonly number: number;
  /** Of length-delimited fields (texts, bytes, messages), else null. */
  readonly bytes: Buffer | null;
  /** Of varint fields, else null. */
  readonly varint: number | null;
}

/**
 * The fields of a protobuf message in order (protobuf.dev/programming-guides/encoding). Enough for the few messages of
 * BuildKit that Lotse reads; a message that is cut short ends the list.
 */
export function parseFields(message: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < message.length; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 0) fields.push({ number, bytes: null, varint: varint() });
    else if (kind === 2) {
      const length = varint();
      fields.push({ number, bytes: message.subarray(at, at + length), varint: null });
      at += length;
    } else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else break;
  }
  return fields;
}

/** The first text of that number; empty when there is none, as protobuf has it. */
export function textField(fields: readonly WireField[], number: number): string {
  return fields.find((field) => field.number === number && field.bytes !== null)?.bytes?.toString('utf8') ?? '';
}

/** A message with these length-delimited fields. */
export function writeFields(fields: readonly (readonly [number: number, value: string])[]): Buffer {
  const parts = fields.flatMap(([number, value]) => {
    const bytes = Buffer.from(value, 'utf8');
    return [Buffer.from([number * 8 + 2, ...varintBytes(bytes.length)]), bytes];
  });
  return Buffer.concat(parts);
}

function varintBytes(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varintBytes(Math.floor(value / 128))];
}
