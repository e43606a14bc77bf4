import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Address } from '../../src/core/routing-document.ts';
import type { ProcessTargetOptions } from '../../src/ports/targets/process/open-machine.ts';
import type { ProcessTarget } from '../../src/ports/targets/process/process-target.ts';
import { openProcessTarget } from '../../src/ports/targets/process/process-target.ts';
import { holdTargetElsewhere } from './hold-target.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const artifact = `sha256:${'a'.repeat(64)}`;

/** A process target on fresh folders, with `test/fixtures/apps/instance` as its only artifact, read-only as a sealed one. */
export async function startProcessTargetTest(options: Partial<ProcessTargetOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-target-'));
  await chmod(folder, 0o711);
  const artifactFolder = join(folder, 'artifact');
  const controlFolder = join(folder, 'control');
  await cp(join(fixtures, 'apps/instance'), artifactFolder, { recursive: true });
  await chmod(join(artifactFolder, 'app.mjs'), 0o444);
  await chmod(artifactFolder, 0o555);
  await mkdir(controlFolder);
  const plain = {
    stateDir: join(folder, 'state'),
    nodePath: process.execPath,
    ports: { first: 23_000, last: 28_000 },
    jobGraceMs: 500,
    probes: { steadyIntervalMs: 200 },
    ...options,
  };
  return {
    folder,
    artifact,
    readinessSeenWithinMs: 25,
    artifactFolder,
    controlFolder,
    neighbours: ({ host, port }: Address): readonly Address[] => [1, 2, 3].map((step) => ({ host, port: port + step })),
    processOf: async (pid: number): Promise<number> => pid,
    open: (): Promise<ProcessTarget> =>
      openProcessTarget({ ...plain, artifactFolder: async (digest) => (digest === artifact ? artifactFolder : null) }),
    openElsewhere: (order: unknown) =>
      holdTargetElsewhere('hold-process-target.ts', [JSON.stringify(plain), JSON.stringify(order), artifactFolder]),
    dispose: async (): Promise<void> => {
      execFileSync('chmod', ['-R', 'u+rwX', folder]); // Sealed folders, for those who are not root.
      await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // A launcher may still write how it ended.
    },
  };
}
