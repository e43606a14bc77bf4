import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
