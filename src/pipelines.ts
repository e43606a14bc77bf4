import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openPipelines, type Pipelines } from './capabilities/pipelines/open-pipelines.ts';
import { addEvidence } from './capabilities/releases/add-evidence.ts';
import { manifestOf } from './capabilities/releases/release-manifest.ts';
import { listScopes } from './capabilities/releases/environment-rows.ts';
import { findRelease, listReleases } from './capabilities/releases/release-rows.ts';
import type { ReleasesContext } from './capabilities/releases/releases-context.ts';
import { systemActor } from './core/events.ts';
import type { HiddenValues } from './core/hidden-values.ts';
import type { DatabaseJournal } from './database/journal.ts';
import type { Database } from './database/open-database.ts';
import type { OwnerLock } from './engine/engine.ts';
import { buildPlace } from './manifest/names.ts';
import { readNpm } from './ports/builders/process/read-npm.ts';
import { openProcessTarget } from './ports/targets/process/process-target.ts';
import { QuietTarget } from './ports/targets/quiet-target.ts';
import { TargetList } from './ports/targets/target-list.ts';

interface PipelineHouse {
  readonly stateDir: string;
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly lock: OwnerLock;
  readonly hidden: Pick<HiddenValues, 'hide'>;
  readonly now: () => number;
  readonly log: (about: object) => void;
  /** Not called before the control plane is put together. */
  readonly context: () => ReleasesContext;
}

/**
 * The part of the composition root for pipelines. Their jobs run as those of environments do, on a target of their own whose
 * artifacts are the folders of jobs.
 */
export async function openPipelineHouse(house: PipelineHouse): Promise<Pipelines> {
  const { stateDir, database, journal, lock, hidden, now, log, context } = house;
  const folder = join(stateDir, 'pipelines');
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const { pathFolders } = await readNpm();
  const processes = await openProcessTarget({
    ...{ stateDir: join(folder, 'target'), nodePath: process.execPath, pathFolders },
    artifactFolder: (id) => Promise.resolve(join(folder, 'work', id)),
  });
  const only = { of: () => Promise.resolve(processes), opened: [processes] };
  const pipelines = openPipelines({
    ...{ database, journal, fence: () => lock.fence, now, log, folder, hide: hidden.hide },
    target: new QuietTarget(new TargetList(processes, only), hidden.hide),
    atOnce: Math.max(2, availableParallelism()),
    release: (app, id) => findRelease(database.db, app, id),
    newestRelease: async (app) => (await listReleases(database.db, app, 1))[0] ?? null,
    pipelineIn: (release) => manifestOf(release).pipeline ?? null,
    secrets: (wanted) => context().buildSecrets(wanted),
    async addEvidence({ app, release, name, report }) {
      const said = report.kind === 'tests' ? report : { ...report, failOn: null };
      await addEvidence(context(), { app, environment: buildPlace }, { ...said, name, release }, systemActor);
    },
    async needed(app) {
      const scopes = await listScopes(database.db, app);
      const serving = scopes.flatMap((scope) => {
        const { environment } = context().engine.view(scope);
        return [environment.serving, environment.previous];
      });
      return new Set(serving.flatMap((each) => (each === null ? [] : [each.release])));
    },
  });
  return {
    ...pipelines,
    async close() {
      await pipelines.close();
      await processes.close();
    },
  };
}
