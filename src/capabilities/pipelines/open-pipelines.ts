import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { AppName, ReleaseId, UnixMs } from '../../core/ids.ts';
import type { DatabaseJournal } from '../../database/journal.ts';
import type { Database } from '../../database/open-database.ts';
import type { PipelineDefinition } from '../../manifest/app-manifest.ts';
import type { Target } from '../../ports/targets/targets.ts';
import type { PipelineStanding } from '../../rollout/gate.ts';
import type { Release } from '../../rollout/release.ts';
import { nameOfRun } from './pipeline.ts';
import { PipelineBook, type KnownRun } from './pipeline-rows.ts';
import { PipelineRunner, type RunnerParts } from './pipeline-runner.ts';
import { routesOfPipelines } from './routes.ts';
import { Workspaces } from './workspaces.ts';

interface PipelinesParts extends Omit<RunnerParts, 'book' | 'workspaces' | 'definition'> {
  readonly database: Database;
  readonly journal: DatabaseJournal;
  readonly fence: () => number;
  readonly now: () => UnixMs;
  /** Runs jobs in the folders of `workspaceFolder`. */
  readonly target: Pick<Target, 'startJob' | 'observeJob' | 'cancelJob' | 'logs'>;
  /** Where sources, artifacts and caches are kept, and jobs' folders lie. */
  readonly folder: string;
  /** Errors: `not-found`. */
  readonly release: (app: AppName, id: ReleaseId) => Promise<Release>;
  /** Null: the app has none yet. */
  readonly newestRelease: (app: AppName) => Promise<Release | null>;
  /** What its manifest declares; null: nothing. */
  readonly pipelineIn: (release: Release) => PipelineDefinition | null;
}

/** What the rest of the control plane has of pipelines. */
export interface Pipelines {
  readonly routes: ReturnType<typeof routesOfPipelines>;
  /** The first run of a release that was built; nothing where there is one, or none is declared. Errors: `disk-full`. */
  begin(built: { readonly release: Release; readonly tar: string; readonly by: Actor }): Promise<void>;
  /** Null: none has run. */
  standing(app: AppName, release: ReleaseId): Promise<PipelineStanding | null>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Pipelines where an earlier control plane left them. */
export function openPipelines(parts: PipelinesParts): Pipelines {
  const book = new PipelineBook(parts);
  const workspaces = new Workspaces(parts.folder);
  const definition = async (app: AppName, release: ReleaseId) =>
    requirePipeline(parts, await parts.release(app, release));
  const runner = new PipelineRunner({ ...parts, book, workspaces, definition });
  const queue = async (release: Release, pipeline: PipelineDefinition, by: Actor) => {
    const { app, id, source } = release;
    const about = { app, release: id, commit: source.commit, branch: source.branch };
    const queued = await book.queue({ ...about, definition: pipeline, by });
    runner.wake();
    return queued;
  };
  const inTurn = oneAfterAnother();
  return {
    begin: ({ release, tar, by }) =>
      inTurn(async () => {
        const pipeline = parts.pipelineIn(release);
        if (pipeline === null || (await book.list(release.app, release.id, 1)).length > 0) return;
        await workspaces.keepSource(tar, release.app, release.id);
        await queue(release, pipeline, by);
      }),
    async standing(app, release) {
      const [latest] = await book.list(app, release, 1);
      return latest === undefined ? null : standingOf(latest);
    },
    routes: routesOfPipelines({
      ...{ book, target: parts.target, wake: () => runner.wake() },
      runAgain: (app, named, by) =>
        inTurn(async () => {
          const release = named === null ? await parts.newestRelease(app) : await parts.release(app, named);
          if (release === null) throw new LotseError('not-found', `${app} has no release yet`);
          const pipeline = requirePipeline(parts, release);
          const [latest] = await book.list(app, release.id, 1);
          if (latest !== undefined && latest.endedAt === null) return latest;
          await requireSource(workspaces, release);
          const found = await book.find(await queue(release, pipeline, by));
          if (found === null) throw new LotseError('internal', `the run for ${release.id} is gone`);
          return found;
        }),
    }),
    start: () => runner.start(),
    close: () => runner.close(),
  };
}

function standingOf(run: KnownRun): PipelineStanding {
  const passed = run.jobs.flatMap(({ job, state }) => (state === 'passed' ? [job] : []));
  const note = run.note === null || /[.!?]$/.test(run.note) ? run.note : `${run.note}.`;
  return { run: nameOfRun(run), state: run.state, passed, problem: note };
}

function requirePipeline({ pipelineIn }: PipelinesParts, release: Release): PipelineDefinition {
  const found = pipelineIn(release);
  if (found !== null) return found;
  throw new LotseError('not-found', `${release.id} declares no pipeline`, { hint: 'Add `pipeline:` to lotse.yaml.' });
}

async function requireSource(workspaces: Workspaces, { app, id }: Release): Promise<void> {
  if (await workspaces.has(workspaces.sourceOf(app, id))) return;
  throw new LotseError('not-found', `the source of ${id} is kept no longer`, {
    hint: 'Deploy the commit again from a changed file, or override the gate for this release.',
  });
}

/** Runs one action at a time, in the order in which they come. */
function oneAfterAnother() {
  let last: Promise<unknown> = Promise.resolve();
  return async <T>(action: () => Promise<T>): Promise<T> => {
    const done = last.then(action, action);
    last = done.catch(() => undefined);
    return await done;
  };
}
