/** Every place of a short stream; of a long one those around its line ends and its two ends. */
export function placesToSplit(stream: Buffer): readonly number[] {
  const all = Array.from({ length: Math.max(0, stream.length - 1) }, (_, i) => i + 1);
  if (stream.length < 1_000) return all;
  const isNear = (place: number) =>
    place < 20 || place > stream.length - 20 || stream.subarray(place - 2, place + 2).includes(10);
  const near = all.filter(isNear);
  return near.filter((_, i) => i % Math.ceil(near.length / 100) === 0);
}

/** One octet at a time; of a long stream the beginning. */
export function octetByOctet(stream: Buffer): readonly Buffer[] {
  const to = stream.length < 1_000 ? stream.length : 300;
  const octets = Array.from(stream.subarray(0, to), (octet) => Buffer.of(octet));
  return to < stream.length ? [...octets, stream.subarray(to)] : octets;
}

/** A stream in one piece, cut in two everywhere, and octet by octet. */
export function* allSplits(stream: Buffer): Iterable<readonly Buffer[]> {
  yield [stream];
  for (const place of placesToSplit(stream)) yield [stream.subarray(0, place), stream.subarray(place)];
  yield octetByOctet(stream);
}
