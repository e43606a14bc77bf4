import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { insertRevision } from '../../src/capabilities/releases/release-rows.ts';
import type { EventDraft } from '../../src/core/events.ts';
import { chainOf } from '../../src/core/ids.ts';
import { encodeJson } from '../../src/database/json-column.ts';
import { openJournal } from '../../src/database/journal.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { through } from '../../src/rollout/fixtures/example-rollout.ts';
import type { Plan } from '../../src/rollout/plan.ts';
import type { RolloutEvent } from '../../src/rollout/rollout-events.ts';
import { configVersionOf, openGate, planTo, revisionOf, scopesOf, type Fleet } from './fleet.ts';

export interface SeedWishes {
  readonly fleet: Fleet;
  /** Rollouts that each environment has behind it; from the first on one revision serves. */
  readonly rolloutsBefore: number;
  /** Revisions that can be rolled out after those. */
  readonly revisionsToCome: number;
}

/** Writes a state in which each environment has settled some rollouts. */
export async function seedJournal(file: string, { fleet, rolloutsBefore, revisionsToCome }: SeedWishes): Promise<void> {
  const database = await openDatabase({ file });
  const newSalt = () => randomBytes(16).toString('hex');
  const journal = openJournal(database, { now: Date.now, newId: uuidv7, newSalt });
  for (const scope of scopesOf(fleet)) {
    await journal.transact(async ({ trx, append }) => {
      const document = Object.fromEntries(
        ['', 'web1'].map((service) => [service, { LOG_LEVEL: 'info', REGION: 'eu' }]),
      );
      const version = configVersionOf(scope);
      const row = { ...scope, version, document: encodeJson(document), created_at: Date.now() };
      await trx.insertInto('config_versions').values(row).execute();
      for (let number = Math.max(1, rolloutsBefore); number <= rolloutsBefore + revisionsToCome; number++)
        await insertRevision(trx, revisionOf(scope, number, fleet));
      for (let number = 1; number <= rolloutsBefore; number++) {
        const voyage = { strategy: 'blue-green', watchMs: 900_000, gates: [openGate] } as const;
        await append(chainOf(scope), 0, eventsOf(planTo(scope, number, fleet, voyage)));
      }
    });
  }
  await database.close();
}

/** All events of a rollout that goes well. */
function eventsOf(plan: Plan): readonly EventDraft[] {
  const events: readonly RolloutEvent[] = [
    { type: 'rollout-planned', payload: { plan } },
    ...plan.steps.flatMap((step) => {
      const [intended, performed, done] = through(step, 'forward');
      const live: readonly RolloutEvent[] = step.makesLive
        ? [{ type: 'rollout-live', payload: { step: step.id } }]
        : [];
      return [intended, performed, ...live, done].filter((event) => event !== undefined);
    }),
    { type: 'rollout-ended', payload: { end: 'settled', cause: null, level: null } },
  ];
  const common = { version: 1, actor: plan.startedBy, reason: null, correlationId: plan.rollout };
  return events.map((event) => ({ ...common, ...event }));
}
