import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { blockedPorts } from '../../core/blocked-ports.ts';
import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { Database } from '../../database/open-database.ts';

/** The first and the last port. */
export type PortRange = readonly [first: number, last: number];

/** Where each other kind of port is taken from. Instances have a range of the target's own. */
const ranges = {
  /** The environment's own, in the network of its containers. */
  inner: [8201, 8299],
  pinned: [20_000, 20_499],
  internal: [20_500, 20_999],
} as const satisfies Record<string, PortRange>;

const loopback = '127.0.0.1';

export interface PortUse extends Scope {
  readonly purpose: keyof typeof ranges | 'environment';
  readonly revision: string;
  readonly service: string;
}

interface PortBookParts {
  readonly database: Database;
  readonly now: () => number;
  /** For the ports of environments: people see them, so the lowest one that is free is given. */
  readonly environmentPorts: PortRange;
  /** Another one for each control plane of this machine. */
  readonly stateDir: string;
}

/** Ports that Lotse gives away on this machine: the same use gets the same port until it is released. */
export class PortBook {
  readonly #parts: PortBookParts;
  readonly #database: Database;
  /** What was given, by use: the engine asks every second, and nobody else writes these rows. */
  #known = new Map<string, number>();

  constructor(parts: PortBookParts) {
    this.#parts = parts;
    this.#database = parts.database;
  }

  /** `host`: where it will be listened on; a port that another program has there is passed over. Errors: `port-taken`. */
  async portFor(use: PortUse, host: string = loopback): Promise<number> {
    const key = JSON.stringify([use.app, use.environment, use.purpose, use.revision, use.service]);
    const known = this.#known;
    const port = known.get(key) ?? (await this.#find(use)) ?? (await this.#give(use, host));
    known.set(key, port);
    return port;
  }

  async release(scope: Scope, revision: string): Promise<void> {
    await this.#database.db
      .deleteFrom('ports')
      .where('app', '=', scope.app)
      .where('environment', '=', scope.environment)
      .where('revision', '=', revision)
      .execute();
    this.#known = new Map(); // not cleared: an answer under way from before must not be remembered
  }

  async #give(use: PortUse, host: string): Promise<number> {
    const taken = new Set(
      (await this.#database.db.selectFrom('ports').select('port').execute()).map((row) => row.port),
    );
    const [first, last] = use.purpose === 'environment' ? this.#parts.environmentPorts : ranges[use.purpose];
    const count = last - first + 1;
    const begin = this.#beginOf(use);
    for (let tried = 0; tried < count; tried++) {
      const port = first + ((begin + tried) % count);
      if (taken.has(port) || blockedPorts.has(port) || !(await isFree(port, host))) continue;
      if (await this.#claim(port, use)) return port;
    }
    const wider = use.purpose === 'environment' ? ' `lotse serve -- --environment-ports FIRST-LAST` gives others.' : '';
    throw new LotseError('port-taken', `no free port between ${first} and ${last} for ${use.app}/${use.environment}`, {
      hint: `Other programs use them, or another Lotse on this machine. \`ss -ltnp\` shows who listens.${wider}`,
    });
  }

  /** It is listened on some time after it was given: another Lotse that looks for one meanwhile begins elsewhere. */
  #beginOf({ app, environment, purpose, revision, service }: PortUse): number {
    if (purpose === 'environment' || purpose === 'inner') return 0;
    const text = JSON.stringify([this.#parts.stateDir, app, environment, purpose, revision, service]);
    return createHash('sha256').update(text).digest().readUInt32BE();
  }

  async #find(use: PortUse): Promise<number | null> {
    const row = await this.#database.db
      .selectFrom('ports')
      .select('port')
      .where('app', '=', use.app)
      .where('environment', '=', use.environment)
      .where('purpose', '=', use.purpose)
      .where('revision', '=', use.revision)
      .where('service', '=', use.service)
      .executeTakeFirst();
    return row?.port ?? null;
  }

  async #claim(port: number, { app, environment, purpose, revision, service }: PortUse): Promise<boolean> {
    const done = await this.#database.db
      .insertInto('ports')
      .values({ port, app, environment, purpose, revision, service, slot: 0, allocated_at: this.#parts.now() })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (done.numInsertedOrUpdatedRows ?? 0n) > 0n;
  }
}

/** An address that this machine does not have is nobody's here. */
function isFree(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', (error) => resolve('code' in error && error.code === 'EADDRNOTAVAIL'));
  probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  return promise;
}
