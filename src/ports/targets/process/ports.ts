import { createServer } from 'node:net';
import { LotseError } from '../../../core/errors.ts';
import type { Addresses } from '../slots/slot-machine.ts';
import { readText, writeAtomically } from '../slots/state-files.ts';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const defaultPortRange: PortRange = { first: 21_000, last: 28_999 };

/**
 * Gives ports to slots. A port that was given back comes round again only after all others of the range: the cursor
 * survives restarts.
 */
export class Ports {
  readonly #range: PortRange;
  readonly #cursorFile: string;
  readonly #given = new Set<number>();
  #next: number;

  constructor(range: PortRange, cursorFile: string, next: number) {
    this.#range = range;
    this.#cursorFile = cursorFile;
    this.#next = next;
  }

  /** A port that a kept slot holds. */
  claim(port: number): void {
    this.#given.add(port);
  }

  giveBack(port: number): void {
    this.#given.delete(port);
  }

  /** A free port. Error: `port-taken` when the whole range is in use. */
  async take(avoid: readonly number[]): Promise<number> {
    const size = this.#range.last - this.#range.first + 1;
    for (let step = 0; step < size; step++) {
      const port = this.#advance();
      if (this.#given.has(port) || avoid.includes(port)) continue;
      this.#given.add(port); // Before the first wait, so that no other caller takes it.
      if (await isFree(port)) {
        await writeAtomically(this.#cursorFile, `${this.#next}\n`);
        return port;
      }
      this.#given.delete(port);
    }
    throw new LotseError('port-taken', `Every port from ${this.#range.first} to ${this.#range.last} is in use.`, {
      hint: 'Stop what holds them, or give Lotse a wider range.',
      retriable: true,
    });
  }

  #advance(): number {
    const port = this.#next;
    this.#next = port >= this.#range.last ? this.#range.first : port + 1;
    return port;
  }
}

/** `start` (any whole number) decides where a new range begins, so that two state folders begin at different places. */
export async function openPorts(range: PortRange, cursorFile: string, start: number): Promise<Ports> {
  const kept = Number(await readText(cursorFile));
  const inRange = kept >= range.first && kept <= range.last;
  const size = range.last - range.first + 1;
  return new Ports(range, cursorFile, inRange ? kept : range.first + (start % size));
}

/** Nobody listens there, on any address: a bind to all of them says so without a connection. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
    if (!(await canBind(host, port))) return false;
  }
  return true;
}

function canBind(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(!('code' in error) || error.code !== 'EADDRINUSE'));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Every slot of this machine listens on loopback, on a port of its own. */
export function loopbackAddresses(ports: Ports): Addresses {
  return {
    claim: ({ port }) => ports.claim(port),
    giveBack: ({ port }) => ports.giveBack(port),
    take: async (order) => ({ host: '127.0.0.1', port: await ports.take(order.avoid.map(({ port }) => port)) }),
    isFree: ({ port }) => isFree(port),
  };
}
