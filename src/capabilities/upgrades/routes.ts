import { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { route, type Route } from '../../api/route.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import { settleMigrations } from '../../database/settle-migrations.ts';
import { unsettledMigrations } from '../../database/state-version.ts';
import { upgradeEvent } from './upgrade-events.ts';
import * as api from './upgrades-api.ts';

export interface UpgradeRouteParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly lock: { readonly fence: number };
}

const { version } = packageJson;

export function routesOfUpgrades({ database, journal, lock }: UpgradeRouteParts): readonly Route[] {
  return [
    route({
      at: api.upgradeRoutes.getUpgrade,
      summary: 'Which version answers, and whether the one before can still take over',
      role: 'viewer',
      answer: api.upgradeState,
      handle: () => viewUpgrade(database),
    }),
    route({
      at: api.upgradeRoutes.recordUpgrade,
      summary: 'Write down how an upgrade of Lotse ended; `lotse upgrade` does',
      role: 'admin',
      body: api.upgradeResult,
      answer: z.void(),
      async handle({ body: { outcome, cause, from, to }, actor }) {
        const type = outcome === 'upgraded' ? 'lotse-upgraded' : 'upgrade-returned';
        await journal.append('control', lock.fence, [upgradeEvent(type, actor, { from, to }, cause)]);
      },
    }),
    route({
      at: api.upgradeRoutes.settleUpgrade,
      summary: 'Give up the way back to the version before; from now on what only this one can read may be written',
      role: 'admin',
      answer: api.settled,
      async handle({ actor }) {
        const settled = await journal.transact(async ({ trx, append }) => {
          const migrations = await settleMigrations(trx, database.sqlite);
          const drafts =
            migrations.length === 0 ? [] : [upgradeEvent('upgrade-settled', actor, { version, migrations })];
          await append('control', lock.fence, drafts);
          return migrations;
        });
        return { settled: [...settled] };
      },
    }),
  ];
}

async function viewUpgrade({ db, sqlite }: Database): Promise<api.UpgradeStateView> {
  const unsettled = unsettledMigrations(sqlite).map(({ name, since }) => ({ name, since: Date.parse(since) }));
  const since = Math.min(...unsettled.map((each) => each.since));
  const before =
    unsettled.length === 0
      ? undefined
      : await db
          .selectFrom('state_versions')
          .select('version')
          .where('since', '<', since)
          .orderBy('since', 'desc')
          .executeTakeFirst();
  return { version, before: before?.version ?? null, unsettled };
}
