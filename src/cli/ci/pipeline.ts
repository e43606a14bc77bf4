import type { AppManifest } from '../../manifest/app-manifest.ts';
import { devEnvironment } from '../../manifest/names.ts';
import type { FolderFacts } from '../init/folder-facts.ts';

/** What a CI does for an app, before it is written in the words of one. */
export interface Pipeline {
  readonly app: string;
  readonly branch: string;
  /** Address of the control plane. */
  readonly server: string;
  /** What has to pass first. */
  readonly first: FirstJob | null;
  /** In the order of promotion. */
  readonly stops: readonly { readonly environment: string; readonly after: string | null }[];
}

/**
 * Commands of the app's own tests; or the jobs that lotse.yaml declares, which Lotse runs: written out they would run twice, and
 * what they say here no gate would know.
 */
export type FirstJob = { readonly kind: 'tests'; readonly commands: readonly string[] } | { readonly kind: 'lotse' };

export interface PipelineWishes {
  readonly branch: string;
  readonly server: string;
}

/** The jobs that follow from lotse.yaml and from what lies beside it. */
export function pipelineOf(
  { app, environments, pipeline }: Pick<AppManifest, 'app' | 'environments' | 'pipeline'>,
  facts: Pick<FolderFacts, 'packageFile' | 'lockfile'>,
  { branch, server }: PipelineWishes,
): Pipeline {
  const stops = environments
    .filter(({ environment }) => environment !== devEnvironment)
    .map(({ environment, after }) => ({ environment, after }));
  return { app, branch, server, first: pipeline === undefined ? testsOf(facts) : { kind: 'lotse' }, stops };
}

const installs: Readonly<Record<string, string>> = {
  npm: 'npm ci',
  pnpm: 'corepack enable && pnpm install --frozen-lockfile',
  yarn: 'corepack enable && yarn install --immutable',
  bun: 'npm install --global bun && bun install --frozen-lockfile',
};

function testsOf(facts: Pick<FolderFacts, 'packageFile' | 'lockfile'>): FirstJob | null {
  const commands = testCommands(facts);
  return commands.length === 0 ? null : { kind: 'tests', commands };
}

function testCommands({ packageFile, lockfile }: Pick<FolderFacts, 'packageFile' | 'lockfile'>): readonly string[] {
  const test = packageFile?.scripts['test'];
  // What `npm init` writes says only that there are none.
  if (test === undefined || /no test specified/.test(test)) return [];
  const runner = lockfile === null ? 'npm' : lockfile;
  return [lockfile === null ? 'npm install' : (installs[lockfile] ?? 'npm install'), `${runner} test`];
}

const testJob = 'test';
const pipelineJob = 'pipeline';

/** What the first job is called; none: there is none. */
export function nameOfFirst({ first }: Pick<Pipeline, 'first'>): readonly string[] {
  if (first === null) return [];
  return [first.kind === 'tests' ? testJob : pipelineJob];
}

/** What means something else at GitLab where the name of a job could stand. */
const taken: readonly string[] = [
  ...[
    testJob,
    pipelineJob,
    'image',
    'services',
    'stages',
    'variables',
    'cache',
    'include',
    'pages',
    'default',
    'workflow',
    'spec',
  ],
];

/** Jobs are called as their environments, where they can be. */
export function jobNameOf(environment: string): string {
  return taken.includes(environment) ? `deploy-${environment}` : environment;
}

export const pipelineNote =
  'Written by `lotse export ci`, from lotse.yaml. Which pipelines are let in, without a stored secret, says `lotse oidc allow`.';
