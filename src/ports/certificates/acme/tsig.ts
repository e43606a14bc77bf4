import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Secret } from '../../../core/secret.ts';
import { CertificateRefused } from '../certificates.ts';
import { afterName, encodeName } from './dns-names.ts';

/** Signatures of DNS messages with a shared key (RFC 8945). */
export interface TsigKey {
  /** In lower case, without a dot at its end. */
  readonly name: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Base64. */
  readonly secret: Secret;
}

/** How far the clocks of two sides may be apart, in seconds (RFC 8945 section 10). */
const fudgeS = 300;
const typeTsig = 250;
const classAny = 255;

/** Reads a key file as `tsig-keygen` and BIND write it. Errors: CertificateRefused. */
export async function readTsigKey(file: string): Promise<TsigKey> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw refusedKey(file, 'it cannot be read', cause);
  });
  return parseTsigKey(text, file);
}

export function parseTsigKey(text: string, file: string): TsigKey {
  // A secret may have // in it, but no comment begins inside of a word.
  const plain = text.replaceAll(/(?<=^|\s)(?:\/\*[\s\S]*?\*\/|(?:\/\/|#).*$)/gm, '');
  const name = /\bkey\s+"?([A-Za-z0-9._-]+?)\.?"?\s*\{/.exec(plain)?.[1];
  const hash = /\balgorithm\s+"?hmac-(sha256|sha384|sha512)\.?"?\s*;/i.exec(plain)?.[1]?.toLowerCase();
  const secret = /\bsecret\s+"?([A-Za-z0-9+/=]+)"?\s*;/.exec(plain)?.[1];
  if (name === undefined || secret === undefined)
    throw refusedKey(file, 'it holds no `key "…" { algorithm …; secret "…"; };`');
  if (hash !== 'sha256' && hash !== 'sha384' && hash !== 'sha512') {
    throw refusedKey(file, 'its algorithm is none of hmac-sha256, hmac-sha384 and hmac-sha512');
  }
  return { name: name.toLowerCase(), hash, secret: new Secret(secret) };
}

function refusedKey(file: string, why: string, cause?: unknown): CertificateRefused {
  const hint = '`tsig-keygen -a hmac-sha256 NAME` of BIND, or `keymgr -t NAME hmac-sha256` of Knot, makes one.';
  return new CertificateRefused('bad-input', `The TSIG key in ${file} cannot be used: ${why}.`, {
    hint,
    isOwnFinding: true,
    cause,
  });
}

/** The message with its TSIG record, and the signature, which the answer's signature covers too. `message` has none yet. */
export function signMessage(
  message: Buffer,
  key: TsigKey,
  nowS: number,
): { readonly signed: Buffer; readonly mac: Buffer } {
  const variables = tsigVariables(key, { timeS: nowS, fudge: fudgeS, error: 0, other: Buffer.alloc(0) });
  const mac = hmac(key, [message, variables]);
  const record = tsigRecord(key, { timeS: nowS, mac, id: message.readUInt16BE(0) });
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { signed, mac };
}

/** Why an answer is not the one to `requestMac`; null: it is (RFC 8945 section 5.3). */
export function problemOfAnswer(answer: Buffer, key: TsigKey, requestMac: Buffer, nowS: number): string | null {
  const start = lastRecordOf(answer);
  if (start === null) return 'its answer is not signed';
  const tsig = readTsig(answer, start, key);
  if (tsig === null) return 'its answer is not signed';
  const unsigned = Buffer.from(answer.subarray(0, start));
  unsigned.writeUInt16BE(answer.readUInt16BE(10) - 1, 10);
  unsigned.writeUInt16BE(tsig.id, 0);
  if (tsig.error !== 0) return `it refuses the key: ${tsigErrors[tsig.error] ?? `error ${tsig.error}`}`;
  const size = Buffer.alloc(2);
  size.writeUInt16BE(requestMac.length);
  const expected = hmac(key, [size, requestMac, unsigned, tsigVariables(key, tsig)]);
  if (expected.length !== tsig.mac.length || !timingSafeEqual(expected, tsig.mac))
    return 'its answer is signed with another key';
  return Math.abs(nowS - tsig.timeS) > tsig.fudge ? 'its clock and ours are too far apart' : null;
}

const tsigErrors: Readonly<Record<number, string>> = {
  16: 'the signature is wrong (BADSIG)',
  17: 'it does not know a key of that name (BADKEY)',
  18: 'its clock and ours are too far apart (BADTIME)',
  22: 'the signature is too short (BADTRUNC)',
};

interface TsigTimes {
  readonly timeS: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

/** RFC 8945 section 4.3.3: names in lower case and not compressed. */
function tsigVariables(key: TsigKey, { timeS, fudge, error, other }: TsigTimes): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(classAny, 0);
  const tail = Buffer.alloc(12);
  tail.writeUIntBE(timeS, 0, 6);
  tail.writeUInt16BE(fudge, 6);
  tail.writeUInt16BE(error, 8);
  tail.writeUInt16BE(other.length, 10);
  return Buffer.concat([encodeName(key.name), head, encodeName(`hmac-${key.hash}`), tail, other]);
}

function tsigRecord(
  key: TsigKey,
  { timeS, mac, id }: { readonly timeS: number; readonly mac: Buffer; readonly id: number },
): Buffer {
  const times = Buffer.alloc(10);
  times.writeUIntBE(timeS, 0, 6);
  times.writeUInt16BE(fudgeS, 6);
  times.writeUInt16BE(mac.length, 8);
  const end = Buffer.alloc(6);
  end.writeUInt16BE(id, 0);
  const data = Buffer.concat([encodeName(`hmac-${key.hash}`), times, mac, end]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(data.length);
  return Buffer.concat([recordHead(key), size, data]);
}

/** The record's name, type, class and time to live (RFC 8945 section 4.2). */
function recordHead(key: TsigKey): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16BE(typeTsig, 0);
  fixed.writeUInt16BE(classAny, 2);
  return Buffer.concat([encodeName(key.name), fixed]);
}

/** Names have no case. */
function sameNames(found: Buffer, expected: Buffer): boolean {
  return found.toString('latin1').toLowerCase() === expected.toString('latin1').toLowerCase();
}

/** What stands in the TSIG record of this key that begins at `start`; null: it is another one. */
function readTsig(message: Buffer, start: number, key: TsigKey) {
  const at = afterName(message, start);
  const times = afterName(message, at + 10);
  if (!sameNames(message.subarray(start, at + 8), recordHead(key))) return null;
  if (!sameNames(message.subarray(at + 10, times), encodeName(`hmac-${key.hash}`))) return null;
  if (times + 10 > message.length) return null;
  const macEnd = times + 10 + message.readUInt16BE(times + 8);
  if (macEnd + 6 > message.length) return null;
  const end = macEnd + 6 + message.readUInt16BE(macEnd + 4);
  if (end !== message.length || message.readUInt16BE(at + 8) !== end - at - 10) return null;
  return {
    timeS: message.readUIntBE(times, 6),
    fudge: message.readUInt16BE(times + 6),
    mac: message.subarray(times + 10, macEnd),
    id: message.readUInt16BE(macEnd),
    error: message.readUInt16BE(macEnd + 2),
    other: message.subarray(macEnd + 6, end),
  };
}

/** Where the last record of the message begins; null: it has none in its last section. */
function lastRecordOf(message: Buffer): number | null {
  if (message.length < 12 || message.readUInt16BE(10) === 0) return null;
  let at = 12;
  for (let left = message.readUInt16BE(4); left > 0; left -= 1) at = afterName(message, at) + 4;
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(10);
  for (let left = records - 1; left > 0; left -= 1) {
    at = afterName(message, at);
    if (at + 10 > message.length) return null;
    at += 10 + message.readUInt16BE(at + 8);
  }
  return at < message.length ? at : null;
}

function hmac(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const sum = createHmac(key.hash, Buffer.from(key.secret.reveal(), 'base64'));
  for (const part of parts) sum.update(part);
  return sum.digest();
}
