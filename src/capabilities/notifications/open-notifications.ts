import type { JournalEvent } from '../../core/events.ts';
import { chainOf, scopeOf, type Scope, type UnixMs } from '../../core/ids.ts';
import type { Looks } from '../../core/looks.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { Engine } from '../../engine/engine.ts';
import type { NotifyDefinition } from '../../manifest/app-manifest.ts';
import type { Notifier } from '../../ports/notifications/notifications.ts';
import { isRolloutEvent } from '../../rollout/rollout-events.ts';
import type { Plan } from '../../rollout/plan.ts';
import { Heartbeats } from './heartbeats.ts';
import { MachineWatch } from './machine-watch.ts';
import { usualPace, wants, type Pace, type Telling } from './notification.ts';
import { Outbox } from './outbox.ts';
import { OutboxRows } from './outbox-rows.ts';
import { receiversOf, type FindValue } from './receivers.ts';
import { routesOfNotifications } from './routes.ts';
import { tellingOf } from './telling-of.ts';

interface NotificationParts {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  readonly newId: () => string;
  readonly notifier: Notifier;
  readonly engine: Pick<Engine, 'view' | 'slots'>;
  readonly scopes: () => Promise<readonly Scope[]>;
  /** What the definition in force says; null: nobody is told. */
  readonly notify: (scope: Scope) => Promise<NotifyDefinition | null>;
  readonly find: FindValue;
  readonly proxyStart: () => Promise<string>;
  readonly stateDir: string;
  readonly looks: Looks;
  readonly log: (about: object) => void;
  readonly pace?: Pace;
}

/** What the rest of the control plane has of notifications. */
export interface Notifications {
  readonly routes: ReturnType<typeof routesOfNotifications>;
  /** Handed every event of the journal; may see one again. */
  follow(event: JournalEvent): Promise<void>;
  start(): void;
  close(): Promise<void>;
}

export function openNotifications(parts: NotificationParts): Notifications {
  const { journal, notify, now, newId } = parts;
  const changed = (scope: Scope) => parts.looks.tell({ ...scope, what: 'messages' });
  const rows = new OutboxRows({ ...parts, pace: parts.pace ?? usualPace, changed });
  const outbox = new Outbox({ ...parts, rows });
  const heartbeats = new Heartbeats({ ...parts, isWell: async () => void (await journal.lastPosition()) });
  const tell = async (scope: Scope, telling: Telling) => {
    const definition = await notify(scope);
    if (definition === null) return;
    const receivers = receiversOf(definition).filter((receiver) => wants(receiver, telling.fact.kind));
    await rows.tell(scope, receivers, telling);
  };
  const watch = new MachineWatch({ ...parts, tell });
  const newTest = (): Telling => {
    const id = newId();
    return { story: `test/${id}`, fact: { id, kind: 'test', at: now(), data: {} } };
  };
  return {
    routes: routesOfNotifications({ rows, heartbeats, notify, newTest }),
    async follow(event) {
      const scope = scopeOf(event.chain);
      if (scope === null) return;
      const telling = await tellingOf(event, async (rollout) => await findPlan(journal, scope, rollout));
      if (telling !== null) await tell(scope, telling);
    },
    start() {
      outbox.start();
      heartbeats.start();
      watch.start();
    },
    async close() {
      await Promise.all([outbox.close(), heartbeats.close(), watch.close()]);
    },
  };
}

/** The plan is the first event of its rollout. */
async function findPlan(journal: DatabaseJournal, scope: Scope, rollout: string): Promise<Plan | null> {
  const query = { after: 0, limit: 20, correlationId: rollout };
  const events = await journal.read(chainOf(scope), query);
  for (const event of events) {
    if (isRolloutEvent(event) && event.type === 'rollout-planned') return event.payload.plan;
  }
  return null;
}
