import type { Route } from './api/route.ts';
import type { Beside } from './api/server.ts';
import { openNotifications } from './capabilities/notifications/open-notifications.ts';
import type { Builds } from './capabilities/releases/builds.ts';
import { acceptedText } from './capabilities/releases/accepted-text.ts';
import { findEnvironmentRow, listScopes } from './capabilities/releases/environment-rows.ts';
import { followRollout } from './capabilities/releases/follow-rollouts.ts';
import { manifestOf } from './capabilities/releases/release-manifest.ts';
import { endForgottenSessions } from './capabilities/releases/end-forgotten-sessions.ts';
import { findRevision } from './capabilities/releases/release-rows.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { SeriesKeeper } from './capabilities/releases/series-keeper.ts';
import { openSchedules } from './capabilities/schedules/open-schedules.ts';
import { routesOfUpgrades } from './capabilities/upgrades/routes.ts';
import { LotseError, toLotseError } from './core/errors.ts';
import type { JournalEvent } from './core/events.ts';
import type { Looks } from './core/looks.ts';
import { chainOf, type Scope } from './core/ids.ts';
import type { Secret } from './core/secret.ts';
import { openSubscriptions } from './database/subscriptions.ts';
import type { NotifyDefinition } from './manifest/app-manifest.ts';
import { notifier } from './ports/notifications/notification-drivers.ts';
import { openPushes } from './pushes.ts';
import type { Variables } from './ports/targets/targets.ts';
import type { JobDefinition, Revision } from './rollout/release.ts';

interface WatcherParts {
  readonly context: ReleasesContext;
  /** Authorities (PEM) of the team's own. */
  readonly roots: readonly string[];
  readonly builds: Builds;
  readonly looks: Looks;
  readonly values: {
    /** Ends rotations of secrets that have settled. */
    readonly followSecrets: (event: JournalEvent) => Promise<void>;
    readonly find: (scope: Scope, name: string) => Promise<Secret | null>;
    readonly reminders: { start(): void; close(): Promise<void> };
    /** What a job by schedule is given beyond what every job is. */
    readonly givenToRun: (scope: Scope, key: string, definition: JobDefinition) => Promise<Variables>;
  };
  readonly log: (about: object) => void;
}

/** What follows from the journal and from the time, beside the engine. */
interface Watchers {
  readonly routes: readonly Route[];
  /** What repositories send, on the API's port. */
  readonly hooks: Pick<Beside, 'takes' | 'handle'>;
  /** Called once the engine knows what serves. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The part of the composition root for what watches: subscribers of the journal, jobs by schedule, and who is told. */
export function openWatchers({ context, builds, looks, values, log, roots }: WatcherParts): Watchers {
  const { database, journal, lock, engine, target, now } = context;
  const subscriptions = openSubscriptions(database, journal, {
    now,
    onFailure: (name, event, error) => log({ during: name, event: event?.id, error: toLotseError(error).message }),
  });
  const schedules = openSchedules({
    ...{ database, journal, fence: () => lock.fence, engine, target, now, log },
    scopes: () => listScopes(database.db, null),
    revision: (scope, id) => requireRevision(context, scope, id),
    given: values.givenToRun,
  });
  const notifications = openNotifications({
    ...{
      database,
      journal,
      fence: () => lock.fence,
      engine,
      now,
      newId: context.newId,
      stateDir: context.stateDir,
      looks,
      log,
    },
    ...{ notifier, find: values.find, notify: definedNotify(context) },
    scopes: () => listScopes(database.db, null),
    proxyStart: async () => (await context.traffic.status()).proxyStart,
  });
  const series = new SeriesKeeper({ engine, now, log });
  const pushes = openPushes({ context, builds, find: values.find, log, roots });
  return {
    routes: [...schedules.routes, ...notifications.routes, ...pushes.routes, ...routesOfUpgrades(context)],
    hooks: pushes.hooks,
    async start() {
      const handle = followRollout.bind(null, context);
      await subscriptions.subscribe({ name: 'releases', from: 'start', handle });
      await subscriptions.subscribe({ name: 'secrets', from: 'start', handle: values.followSecrets });
      // Nobody is told of what happened before anybody was to be told.
      const follow = notifications.follow.bind(notifications);
      await subscriptions.subscribe({ name: 'notifications', from: 'now', handle: follow });
      await subscriptions.subscribe({ name: 'commit-reports', from: 'now', handle: (event) => pushes.follow(event) });
      await endForgottenSessions(context, await listScopes(database.db, null));
      await schedules.start();
      notifications.start();
      series.start();
      values.reminders.start();
      pushes.start();
    },
    async close() {
      await Promise.all([
        subscriptions.stopAll(),
        schedules.close(),
        notifications.close(),
        series.close(),
        pushes.close(),
        values.reminders.close(),
      ]);
    },
  };
}

async function requireRevision(context: ReleasesContext, scope: Scope, id: string): Promise<Revision> {
  const found = await findRevision(context.database.db, scope.app, id);
  if (found === null) throw new LotseError('not-found', `the record of revision ${id} is gone`);
  return found;
}

/** Who is told, as the definition that was accepted last says; read once for each definition. */
function definedNotify(context: ReleasesContext): (scope: Scope) => Promise<NotifyDefinition | null> {
  const known = new Map<string, { readonly hash: string; readonly notify: NotifyDefinition | null }>();
  return async (scope) => {
    const row = await findEnvironmentRow(context.database.db, scope);
    if (row === null) return null;
    const read = known.get(chainOf(scope));
    if (read?.hash === row.hash) return read.notify;
    const { notify = null } = manifestOf(await acceptedText(context.database.db, row));
    known.set(chainOf(scope), { hash: row.hash, notify });
    return notify;
  };
}
