import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Where } from '../harness/lotse-client.ts';
import { RunningLotse } from '../harness/running-lotse.ts';
import { AppRepository } from './app-repository.ts';

/** Where the example app lies. */
export const bildwerkSource = fileURLToPath(new URL('../../examples/bildwerk/', import.meta.url));

const leftOut = ['node_modules', '.data'];

/** The example app, copied into a folder below this one; no repository yet. */
export function copyBildwerk(below: string): AppRepository {
  const repository = new AppRepository(join(below, 'bildwerk'));
  cpSync(bildwerkSource, repository.folder, {
    recursive: true,
    filter: (path) => !leftOut.includes(basename(path)),
  });
  return repository;
}

/** `lotse deploy` in the app's folder, which goes on while somebody looks. */
export function startDeploy({ folder }: AppRepository, { server, token }: Where, environment: string): RunningLotse {
  return new RunningLotse(['deploy', environment], { cwd: folder, env: { LOTSE_SERVER: server, LOTSE_TOKEN: token } });
}
