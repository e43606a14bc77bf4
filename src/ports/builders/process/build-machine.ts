import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ArtifactDigest } from '../../../core/ids.ts';
import type { Artifact } from '../builders.ts';
import { BuildFolders, closedFolderAbove, makeOwned, makePassage } from './build-place.ts';

export interface ProcessBuilderOptions {
  /** Folder of this builder alone; made when it is not there. */
  readonly stateDir: string;
  /** The pinned node: builds run with it. */
  readonly nodePath: string;
  /** Further folders for PATH after node's, e.g. the one that holds npm. */
  readonly pathFolders?: readonly string[];
  /** How npm reaches its registry, as `npm_config_…` variables: builds have a HOME of their own, without a .npmrc. */
  readonly npmEnvironment?: Readonly<Record<string, string>>;
  /** Numeric user of builds when started by root; null: root. Otherwise one is chosen by the state folder. */
  readonly user?: number | null;
  /** Digests that must not be collected whatever is said, e.g. the target's. */
  readonly inUse?: () => Promise<readonly ArtifactDigest[]>;
  readonly now?: () => number;
}

/** What all builds have in common. */
export interface BuildMachine {
  readonly folders: BuildFolders;
  readonly searchPath: string;
  readonly npmEnvironment: Readonly<Record<string, string>>;
  readonly user: number | null;
  readonly inUse: () => Promise<readonly ArtifactDigest[]>;
  readonly platform: Artifact['platform'];
  readonly now: () => number;
  readonly notes: readonly string[];
}

const run = promisify(execFile);
/** Debian gives 65536–99999 to nobody by itself (policy 9.2.2); environments have 70000–79999. */
const firstUser = 80_000;
const userCount = 10_000;

export async function openBuildMachine(options: ProcessBuilderOptions): Promise<BuildMachine> {
  const folders = new BuildFolders(resolve(options.stateDir));
  await makePassage(folders.state);
  await makePassage(join(folders.state, 'artifacts'));
  await makePassage(folders.scratch);
  await mkdir(folders.records, { recursive: true, mode: 0o700 });
  const { user, note } = await chooseUser(options, folders);
  await makeOwned(folders.npmCache, user);
  const path = [dirname(options.nodePath), ...(options.pathFolders ?? []), '/usr/local/bin', '/usr/bin', '/bin'];
  return {
    folders,
    searchPath: [...new Set(path)].join(delimiter),
    npmEnvironment: options.npmEnvironment ?? {},
    user,
    inUse: options.inUse ?? (async () => []),
    platform: await describePlatform(options.nodePath),
    now: options.now ?? Date.now,
    notes: note === null ? [] : [note],
  };
}

async function chooseUser(
  options: ProcessBuilderOptions,
  folders: BuildFolders,
): Promise<{ readonly user: number | null; readonly note: string | null }> {
  if (process.getuid?.() !== 0) {
    return { user: null, note: 'Builds run as the user that Lotse runs as: only root can give them another.' };
  }
  if (options.user === null) return { user: null, note: 'Builds run as root: a user of their own was switched off.' };
  for (const path of [options.nodePath, join(folders.state, 'artifacts')]) {
    const closed = await closedFolderAbove(path);
    if (closed === null) continue;
    return { user: null, note: `Builds run as root: other users may not enter ${closed}, on the way to ${path}.` };
  }
  const spread = createHash('sha256').update(folders.state).digest().readUInt32BE(0) % userCount;
  return { user: options.user ?? firstUser + spread, note: null };
}

/** The pinned node answers for itself: it need not be the one that runs Lotse. */
async function describePlatform(nodePath: string): Promise<Artifact['platform']> {
  const question = 'const h = process.report.getReport().header; console.log(process.version, h.glibcVersionRuntime)';
  const { stdout } = await run(nodePath, ['-e', question], { env: {} });
  const [version = '', glibc = ''] = stdout.trim().split(' ');
  const libc = glibc === 'undefined' ? (platform() === 'linux' ? 'musl' : null) : `glibc ${glibc}`;
  return { os: platform(), cpu: arch(), libc, runtime: `node ${version.replace(/^v/, '')}` };
}
