import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';

const copied = ['src', 'test/simulation', 'test/mutation', 'package.json'];

/** The tests that may kill mutants, and the sources in which they are made. */
export const unitTests = 'src/{rollout,engine}/**/*.test.ts';

/** Sources with something to mutate, without tests and what only tests use. */
export function mutableSources(root: string, wanted: string | null): readonly string[] {
  const paths = globSync('src/{rollout,engine}/**/*.ts', { cwd: root }).map((path) => path.replaceAll('\\', '/'));
  const chosen = wanted === null ? null : new Set(globSync(wanted, { cwd: root }));
  return paths
    .filter((path) => !/\.(?:test|contract)\.ts$|\/fixtures\//.test(path) && (chosen === null || chosen.has(path)))
    .toSorted();
}

/** What is loaded by the tests and is none, in the sandbox. */
export function testedModules(sandbox: string): readonly string[] {
  const all = ['src/{rollout,engine}/**/*.ts', 'test/simulation/*.ts'].flatMap((glob) =>
    globSync(glob, { cwd: sandbox }),
  );
  return all.filter((path) => !/\.(?:test|contract)\.ts$|-worker\.ts$/.test(path)).toSorted();
}

/** A copy of the work tree as it is now: whatever is edited meanwhile, the campaign goes on with this. */
export async function makeSandbox(
  root: string,
  sandbox: string,
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<void> {
  await rm(sandbox, { recursive: true, force: true });
  for (const path of copied) {
    await mkdir(dirname(join(sandbox, path)), { recursive: true });
    await cp(join(root, path), join(sandbox, path), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(sandbox, 'node_modules'));
  for (const { path, text } of files) await writeFile(join(sandbox, path), text);
}
