import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceEntry } from '../../src/ports/builders/builders.contract.ts';
import type { BuildOrder } from '../../src/ports/builders/builders.ts';
import type { ProcessBuilderOptions } from '../../src/ports/builders/process/build-machine.ts';
import { openProcessBuilder } from '../../src/ports/builders/process/process-builder.ts';
import { buildElsewhere } from './build-elsewhere.ts';
import { packSource } from './pack-source.ts';

const program = fileURLToPath(new URL('../fixtures/processes/run-process-build.ts', import.meta.url));

/** A process builder on fresh folders. */
export async function startProcessBuilderTest(options: Partial<ProcessBuilderOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-builder-'));
  await chmod(folder, 0o711);
  const all = { stateDir: join(folder, 'state'), nodePath: process.execPath, ...options };
  let packed = 0;
  return {
    builds: 'folders' as const,
    folder,
    open: () => openProcessBuilder(all),
    pack: (source: Readonly<Record<string, SourceEntry>>) => packSource(join(folder, `source-${packed++}`), source),
    buildElsewhere: async (order: BuildOrder) => buildElsewhere(program, [JSON.stringify(all), JSON.stringify(order)]),
    dispose: async (): Promise<void> => {
      execFileSync('chmod', ['-R', 'u+rwX', folder]); // Sealed folders, for those who are not root.
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
