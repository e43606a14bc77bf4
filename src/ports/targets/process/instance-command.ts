import { stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import type { Variables } from '../targets.ts';
import { reveal } from '../slots/sealing.ts';
import { pointToFiles } from '../slots/secret-files.ts';
import { makeFolder, orDiskFull } from '../slots/state-files.ts';
import { closedFolderAbove, giveTo } from '../slots/users.ts';
import type { AttemptCommand } from './attempt.ts';
import type { ControlGroup } from './control-groups.ts';
import type { Machine } from './machine.ts';

export interface CommandOrder {
  readonly scope: Scope;
  readonly artifact: ArtifactDigest;
  readonly argv: readonly string[];
  readonly root: string;
  readonly variables: Variables;
  readonly secretsAs?: 'files';
  readonly storeFolders: readonly string[];
  /** Made here; HOME and TMPDIR lie in it. */
  readonly scratch: string;
  readonly port: number | null;
  readonly claimFile: string | null;
  readonly controlGroup: ControlGroup | null;
}

/**
 * The whole command of an instance or job: a clean environment, folders of its own, its user. The one place where
 * secrets are revealed. Errors: `not-found` (the artifact or its root is gone), `disk-full`.
 */
export async function prepareCommand(machine: Machine, order: CommandOrder): Promise<AttemptCommand> {
  const workingFolder = await findWorkingFolder(machine, order.artifact, order.root);
  const user = (await machine.users?.of(order.scope)) ?? null;
  if (user !== null) await checkReach(order.scope, [workingFolder, ...order.storeFolders]);
  const home = join(order.scratch, 'home');
  const temporary = join(order.scratch, 'tmp');
  await makeFolder(order.scratch, 0o700);
  await makeFolder(home, 0o700);
  await makeFolder(temporary, 0o700);
  if (user !== null) await orDiskFull(order.scratch, () => giveFolders(user, [order.scratch, ...order.storeFolders]));
  const variables = await handOver(machine, order, user);
  return {
    argv: order.argv,
    workingFolder,
    user,
    controlGroup: order.controlGroup,
    environment: {
      LANG: 'C.UTF-8',
      ...reveal(variables),
      PATH: searchPath(machine.nodePath, machine.pathFolders),
      HOME: home,
      TMPDIR: temporary,
      ...(order.port === null ? {} : { PORT: String(order.port) }),
      ...(order.claimFile === null ? {} : { LOTSE_CLAIM_FILE: order.claimFile }),
    },
  };
}

/** Secrets as they are, or the paths of the files that have them. */
async function handOver(machine: Machine, order: CommandOrder, user: number | null): Promise<Variables> {
  if (order.secretsAs !== 'files') return order.variables;
  return pointToFiles(order.variables, await machine.secretFiles.write(order.scratch, order.variables, user));
}

/** The pinned node comes first, so that `node`, `npm` and `#!/usr/bin/env node` mean it. */
export function searchPath(nodePath: string, pathFolders: readonly string[]): string {
  const folders = [dirname(nodePath), ...pathFolders, '/usr/local/bin', '/usr/bin', '/bin'];
  return [...new Set(folders)].join(delimiter);
}

export async function findWorkingFolder(machine: Machine, artifact: ArtifactDigest, root: string): Promise<string> {
  const folder = await machine.artifactFolder(artifact);
  if (folder === null) {
    throw new LotseError('not-found', `The artifact ${artifact} is not on this machine.`, {
      hint: 'Build the release again, or roll back to one whose artifact is kept.',
    });
  }
  const found = join(folder, root);
  if (!found.startsWith(folder)) throw new LotseError('bad-input', `The root "${root}" leads out of the artifact.`);
  const isFolder = await stat(found).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new LotseError('not-found', `The artifact ${artifact} has no folder ${root}.`);
  return found;
}

/** A clear word beforehand instead of a program that fails on its own files. */
async function checkReach(scope: Scope, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const closed = await closedFolderAbove(join(folder, 'x'));
    if (closed === null || folder === closed) continue; // The folder itself is theirs, or open to all.
    throw new LotseError(
      'bad-input',
      `Instances of ${scope.environment} may not enter ${closed}, on the way to ${folder}.`,
      {
        hint: `Let other users enter it (chmod o+x ${closed}), or move Lotse's state to another place.`,
      },
    );
  }
}

async function giveFolders(user: number, folders: readonly string[]): Promise<void> {
  for (const folder of folders) await giveTo(user, folder);
}
