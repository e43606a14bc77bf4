/** Fields that HTTP/2 has no use for (RFC 9113 section 8.2.2) and that an instance's answer may still bring. */
const dropped = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'http2-settings',
]);

/** Field lines, each with CRLF, as names in lower case and values in turn. */
export function fieldPairs(lines: string, into: string[] = []): string[] {
  for (let from = 0; from < lines.length;) {
    const to = lines.indexOf('\r\n', from);
    const colon = lines.indexOf(':', from);
    if (to < 0 || colon < 0 || colon > to) return into;
    const name = lines.slice(from, colon).toLowerCase();
    if (!dropped.has(name)) into.push(name, lines.slice(colon + 1, to).trim());
    from = to + 2;
  }
  return into;
}

/** The same as an object, for calls that take nothing else: of a repeated field the values are a list. */
export function fieldObject(lines: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  const pairs = fieldPairs(lines);
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const name = pairs[at] ?? '';
    const value = pairs[at + 1] ?? '';
    const before = fields.get(name) ?? [];
    fields.set(name, before.length === 0 ? value : [...(typeof before === 'string' ? [before] : before), value]);
  }
  return Object.fromEntries(fields);
}
