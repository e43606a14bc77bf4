import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { LotseError } from '../../core/errors.ts';

/** Ranges of their own, so that `lotse up` beside it is not in the way. */
export const devPorts = {
  /** Where the app answers by name, when nobody said where. */
  front: { first: 8080, last: 8099 },
  /** The port of its own of an app. */
  app: { first: 8200, last: 8299 },
  /** Where services reach each other. */
  internal: { first: 19_000, last: 19_999 },
  /** What instances are given as PORT. */
  instances: { first: 29_000, last: 29_999 },
} as const satisfies Record<string, PortRange>;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * A free port of the range. The same name asks for the same port first, so that an address can be kept as a bookmark;
 * without a name the range is tried from its beginning. Error: `port-taken`.
 */
export async function findFreePort(
  { first, last }: PortRange,
  name: string | null,
  host: string,
  taken: readonly number[] = [],
): Promise<number> {
  const size = last - first + 1;
  const start = name === null ? 0 : createHash('sha256').update(name).digest().readUInt32BE(0) % size;
  for (let step = 0; step < size; step++) {
    const port = first + ((start + step) % size);
    if (!taken.includes(port) && (await isFree(port, host))) return port;
  }
  throw new LotseError('port-taken', `Every port from ${first} to ${last} is in use.`, {
    hint: '`lotse doctor` shows who listens.',
  });
}

function isFree(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  return promise;
}
