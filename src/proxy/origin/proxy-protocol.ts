/**
 * The PROXY protocol, version 2: what a proxy in front says about a connection before the connection's own first byte
 * (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2).
 */
export interface ProxyHeader {
  /** Bytes that it takes. */
  readonly length: number;
  /**
   * The client's IP address, and whether its connection to the proxy is encrypted. Null: the proxy speaks for itself, or
   * does not know.
   */
  readonly client: { readonly address: string; readonly isSecure: boolean } | null;
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const fixedBytes = 16;
/** Addresses take 36 bytes at most; the rest is room for what we skip. */
const maxBytes = fixedBytes + 4096;
const sslType = 0x20;
const clientIsSecure = 0x01;

/** LOCAL: whoever sends it speaks for itself. */
export const localHeader = Buffer.concat([signature, Buffer.from([0x20, 0x00, 0x00, 0x00])]);

/** Reads the header at the beginning of a connection: null when more bytes are needed, `bad` when it can never be one. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'bad' | null {
  const known = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, known, 0, known) !== 0) return 'bad';
  if (bytes.length < fixedBytes) return null;
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (length > maxBytes) return 'bad';
  const command = bytes[12];
  if (command !== 0x20 && command !== 0x21) return 'bad';
  if (bytes.length < length) return null;
  // LOCAL: the proxy's own connection, such as a health check; what else it says means nothing.
  if (command === 0x20) return { length, client: null };
  return readAddress(bytes.subarray(fixedBytes, length), bytes[13] ?? 0, length);
}

function readAddress(rest: Buffer, family: number, length: number): ProxyHeader | 'bad' {
  switch (family) {
    // Unspecified, and a UNIX socket: there is no address to speak of.
    case 0x00:
    case 0x31:
      return { length, client: null };
    case 0x11:
      if (rest.length < 12) return 'bad';
      return { length, client: { address: ipv4(rest), isSecure: isSecure(rest.subarray(12)) } };
    case 0x21:
      if (rest.length < 36) return 'bad';
      return { length, client: { address: ipv6(rest), isSecure: isSecure(rest.subarray(36)) } };
    default:
      return 'bad';
  }
}

function ipv4(bytes: Buffer): string {
  return bytes.subarray(0, 4).join('.');
}

/** In the form that is written everywhere (RFC 5952); an IPv4 address in IPv6's clothes as what it is. */
function ipv6(bytes: Buffer): string {
  const isOld = bytes.readBigUInt64BE(0) === 0n && bytes.readUInt32BE(8) === 0xffff;
  if (isOld) return ipv4(bytes.subarray(12));
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Looks for the one extension (section 2.2.7) that matters to HTTP; all others are skipped. */
function isSecure(extensions: Buffer): boolean {
  for (let at = 0; at + 3 <= extensions.length;) {
    const length = extensions.readUInt16BE(at + 1);
    if (extensions[at] === sslType && length > 0) return ((extensions[at + 3] ?? 0) & clientIsSecure) !== 0;
    at += 3 + length;
  }
  return false;
}
