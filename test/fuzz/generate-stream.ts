import { Random } from '../simulation/random.ts';
import { fuzzLimits } from './fuzz-limits.ts';
import { mutate } from './mutate.ts';

/** A request as the generator meant it. */
export interface MeantRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

export interface Stream {
  /** latin1. */
  readonly text: string;
  readonly meant: readonly MeantRequest[];
  /** Nothing was done to it and it keeps all limits: it must be read as it was meant. */
  readonly isSound: boolean;
  /** Where to cut it for the second reading. */
  readonly pieces: readonly Buffer[];
}

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'BREW-2'] as const;
const targets = [
  '/',
  '/a',
  '/a/b?c=d&e=%20f',
  '//a/../b',
  '/%0d%0aX:%20y',
  '/?',
  '/a;b=c',
  "/!$&'()*+,;=:@~_-.",
] as const;
const hosts = ['shop.test', 'SHOP.test:8080', 'a', '[::1]:80', '', '127.0.0.1:65535'] as const;
const others = [
  'Accept: */*',
  'accept-encoding: gzip, br',
  'User-Agent: fuzz/1.0 (x; y) z',
  'X-Empty:',
  'X-Obs: caf\xe9 \xff',
  'X-Tabs:\t a \t',
  'Cookie: a=b; __lotse_v=visitor; c=d',
  'Cookie: __lotse_v=visitor',
  'TE: trailers',
  'Connection: keep-alive',
  'Connection: X-Hop, keep-alive',
  'X-Hop: 1',
  'X-Forwarded-For: 6.6.6.6',
  'Forwarded: for=6.6.6.6',
  'Lotse-Bucket: 7',
  'Upgrade: h2c',
  'X-Request-Id: id-1',
  'X-Request-Id: not an id',
  'Authorization: Basic eDp5',
  'Trailer: X-Sum',
  "!#$%&'*+-.^_`|~: x",
] as const;
const payloads = [
  '',
  'x',
  'hello world',
  '\r\n\r\n',
  '0\r\n\r\n',
  'GET /poison HTTP/1.1\r\nHost: a\r\n\r\n',
  '\0\xff\n\r',
] as const;

/** One to three requests, most of them then damaged. The same seed gives the same. */
export function generateStream(seed: number): Stream {
  const random = new Random(seed);
  const meant: MeantRequest[] = [];
  let text = random.chance(0.05) ? '\r\n' : '';
  let isSound = true;
  for (let left = random.pick([1, 1, 1, 2, 2, 3]); left > 0; left--) {
    const isBoundary = random.chance(0.03);
    if (isBoundary) isSound = false;
    const { request, bytes } = generateRequest(random, isBoundary);
    meant.push(request);
    text += bytes;
  }
  if (random.chance(0.85)) {
    text = mutate(text, random);
    isSound = false;
  }
  return { text, meant, isSound, pieces: cut(Buffer.from(text, 'latin1'), random) };
}

function generateRequest(random: Random, isBoundary: boolean): { request: MeantRequest; bytes: string } {
  const method = random.pick(methods);
  const isOld = random.chance(0.05);
  let target: string = method === 'OPTIONS' && random.chance(0.3) ? '*' : random.pick(targets);
  if (isBoundary && random.chance(0.4)) target = `/${'t'.repeat(fuzzLimits.targetBytes + random.between(-3, 1))}`;
  const sentTarget = target.startsWith('/') && random.chance(0.1) ? `http://other.test:81${target}` : target;
  const lines: string[] = [`${method} ${sentTarget} HTTP/1.${isOld ? 0 : 1}`];
  const host = random.pick(hosts);
  if (!isOld || random.chance(0.5))
    lines.push(`${random.pick(['Host', 'host', 'HOST'])}:${random.pick([' ', '', '\t'])}${host}`);
  for (let count = random.between(0, 4); count > 0; count--) lines.push(random.pick(others));
  if (isBoundary && random.chance(0.5)) {
    for (let count = fuzzLimits.fieldCount + random.between(-6, 1); count > 0; count--) lines.push(`X${count}: y`);
  }
  const body = random.chance(0.5) ? '' : payload(random);
  const framing = frame(random, body, isOld);
  lines.push(...framing.lines);
  if (isOld) lines.push('Connection: keep-alive');
  let head = `${lines.join('\r\n')}\r\n`;
  if (isBoundary && random.chance(0.5)) head += pad(fuzzLimits.headBytes + random.between(-4, 4) - head.length);
  return { request: { method, target, body }, bytes: `${head}\r\n${framing.bytes}` };
}

/** A field line of so many bytes. */
function pad(bytes: number): string {
  return bytes < 8 ? '' : `X: ${'p'.repeat(bytes - 5)}\r\n`;
}

function payload(random: Random): string {
  if (random.chance(0.3)) return 'b'.repeat(random.pick([1, 15, 16, 17, 255, 256, 257, 1_000]));
  return random.pick(payloads) + random.pick(payloads);
}

function frame(random: Random, body: string, isOld: boolean): { lines: readonly string[]; bytes: string } {
  if (body === '' && random.chance(0.6)) return { lines: [], bytes: '' };
  if (isOld || random.chance(0.5))
    return { lines: [`Content-Length:${random.pick([' ', '', '\t'])}${body.length}`], bytes: body };
  const coding = random.pick(['chunked', 'chunked', 'Chunked', 'CHUNKED \t']);
  return { lines: [`Transfer-Encoding: ${coding}`], bytes: inChunks(random, body) };
}

function inChunks(random: Random, body: string): string {
  let text = '';
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, random.pick([1, 2, 9, 10, 16, 300]));
    const digits = random.chance(0.5)
      ? size.toString(16)
      : size.toString(16).toUpperCase().padStart(random.between(1, 4), '0');
    text += `${digits}${random.pick(['', '', '', ';a', ';a=b;c="d e"'])}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  return `${text}${random.pick(['0', '0', '000', '0;x'])}\r\n${random.pick(['', '', '', 'X-Sum: 1\r\n', 'A:\r\nB: c\r\n'])}\r\n`;
}

function cut(bytes: Buffer, random: Random): readonly Buffer[] {
  if (bytes.length < 300 && random.chance(0.05)) return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  const places = Array.from({ length: random.between(1, 5) }, () => random.between(0, bytes.length)).sort(
    (a, b) => a - b,
  );
  return [0, ...places]
    .map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))
    .filter(({ length }) => length > 0);
}
