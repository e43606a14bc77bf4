import type { Address } from '../../core/routing-document.ts';

/** What a connection is asked for. */
export interface Ask {
  readonly to: Address | { readonly socket: string };
  readonly timeoutMs: number;
}

export function writeAsk({ to, timeoutMs }: Ask): Buffer {
  const plain = 'socket' in to ? { socket: to.socket } : { host: to.host, port: to.port };
  return Buffer.from(JSON.stringify({ to: plain, timeoutMs } satisfies Ask));
}

export function parseAsk(payload: Buffer): Ask {
  return JSON.parse(payload.toString('utf8')) as Ask; // parsed: written by `writeAsk` of the same version only
}
