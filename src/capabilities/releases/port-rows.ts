import { createServer } from 'node:net';
import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { Database } from '../../database/open-database.ts';

/** Where each kind of port is taken from. Instances have a range of the target's own. */
const ranges = {
  environment: [8101, 8199],
  /** The environment's own, in the network of its containers. */
  inner: [8201, 8299],
  pinned: [20_000, 20_499],
  internal: [20_500, 20_999],
} as const;

const loopback = '127.0.0.1';

export interface PortUse extends Scope {
  readonly purpose: keyof typeof ranges;
  readonly revision: string;
  readonly service: string;
}

/** Ports that Lotse gives away on this machine: the same use gets the same port until it is released. */
export class PortBook {
  readonly #database: Database;
  readonly #now: () => number;
  /** What was given, by use: the engine asks every second, and nobody else writes these rows. */
  #known = new Map<string, number>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
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
    const [first, last] = ranges[use.purpose];
    for (let port = first; port <= last; port++) {
      if (taken.has(port) || !(await isFree(port, host))) continue;
      if (await this.#claim(port, use)) return port;
    }
    throw new LotseError('port-taken', `no free port between ${first} and ${last} for ${use.app}/${use.environment}`, {
      hint: 'Other programs use them, or another Lotse on this machine. `ss -ltnp` shows who listens.',
    });
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
      .values({ port, app, environment, purpose, revision, service, slot: 0, allocated_at: this.#now() })
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
