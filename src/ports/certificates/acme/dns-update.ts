import { randomInt } from 'node:crypto';
import net from 'node:net';
import { encodeName } from './dns-names.ts';
import { problemOfAnswer, signMessage, type TsigKey } from './tsig.ts';

/** One change of a TXT record by dynamic update (RFC 2136). */
export interface TxtChange {
  readonly kind: 'add' | 'remove';
  readonly zone: string;
  /** Whole name of the record. */
  readonly name: string;
  /** At most 255 bytes. */
  readonly value: string;
  readonly ttlS: number;
}

export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

/** How long the server may take, in milliseconds. */
const answerMs = 10_000;
const opcodeUpdate = 5 << 11;
const typeSoa = 6;
const typeTxt = 16;
const classIn = 1;
const classNone = 254;

/**
 * Sends one signed change over TCP. Null: it is done (adding what is there and removing what is gone are done too);
 * else why not.
 */
export async function updateZone(
  server: DnsServer,
  key: TsigKey,
  change: TxtChange,
  signal: AbortSignal,
): Promise<string | null> {
  const message = updateMessage(change, randomInt(0x10000));
  const { signed, mac } = signMessage(message, key, Math.floor(Date.now() / 1000));
  const answer = await exchange(server, signed, signal);
  if (typeof answer === 'string') return answer;
  if (answer.length < 12 || answer.readUInt16BE(0) !== message.readUInt16BE(0))
    return 'its answer belongs to no question';
  const code = answer.readUInt16BE(2) & 0xf;
  const problem = problemOfAnswer(answer, key, mac, Math.floor(Date.now() / 1000));
  if (problem !== null) return code === 0 ? problem : `${problem} (${nameOfCode(code)})`;
  return code === 0 ? null : nameOfCode(code);
}

/** RFC 2136 sections 2.3 to 2.5: the zone, no prerequisites, one update. */
export function updateMessage({ kind, zone, name, value, ttlS }: TxtChange, id: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(opcodeUpdate, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(1, 8);
  const ofZone = Buffer.alloc(4);
  ofZone.writeUInt16BE(typeSoa, 0);
  ofZone.writeUInt16BE(classIn, 2);
  const text = Buffer.from(value);
  const record = Buffer.alloc(10);
  record.writeUInt16BE(typeTxt, 0);
  record.writeUInt16BE(kind === 'add' ? classIn : classNone, 2);
  record.writeUInt32BE(kind === 'add' ? ttlS : 0, 4);
  record.writeUInt16BE(text.length + 1, 8);
  return Buffer.concat([head, encodeName(zone), ofZone, encodeName(name), record, Buffer.from([text.length]), text]);
}

/** Over TCP every message follows its length (RFC 1035 section 4.2.2). Text: what went wrong. */
async function exchange(server: DnsServer, message: Buffer, signal: AbortSignal): Promise<Buffer | string> {
  const { promise, resolve } = Promise.withResolvers<Buffer | string>();
  const ends = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
  const socket = net.connect({ ...server, signal: ends });
  let received = Buffer.alloc(0);
  socket.on('error', (error) =>
    resolve(error.name === 'AbortError' ? `no answer within ${answerMs / 1000} s` : error.message),
  );
  socket.on('close', () => resolve('it closed the connection without an answer'));
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    const length = received.length < 2 ? Infinity : received.readUInt16BE(0);
    if (received.length < length + 2) return;
    resolve(received.subarray(2, length + 2));
    socket.destroy();
  });
  const size = Buffer.alloc(2);
  size.writeUInt16BE(message.length);
  socket.write(Buffer.concat([size, message]));
  return await promise;
}

const codes: Readonly<Record<number, string>> = {
  1: 'it cannot read the update (FORMERR)',
  2: 'it failed (SERVFAIL)',
  4: 'it knows no updates (NOTIMP)',
  5: 'it refuses the update (REFUSED): may the key change this record?',
  9: 'it is not the primary server of the zone, or refuses the key (NOTAUTH)',
  10: 'the record is outside of the zone (NOTZONE)',
};

function nameOfCode(code: number): string {
  return codes[code] ?? `it answers with code ${code}`;
}
