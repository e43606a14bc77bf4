import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SourceEntry } from '../../src/ports/builders/builders.contract.ts';
import type { BuildOrder } from '../../src/ports/builders/builders.ts';
import type { ProcessBuilderOptions } from '../../src/ports/builders/process/build-machine.ts';
import { openProcessBuilder } from '../../src/ports/builders/process/process-builder.ts';

const program = fileURLToPath(new URL('../fixtures/processes/run-process-build.ts', import.meta.url));

/** A process builder on fresh folders. */
export async function startProcessBuilderTest(options: Partial<ProcessBuilderOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-builder-'));
  await chmod(folder, 0o711);
  const all = { stateDir: join(folder, 'state'), nodePath: process.execPath, ...options };
  let packed = 0;
  return {
    folder,
    open: () => openProcessBuilder(all),
    pack: (source: Readonly<Record<string, SourceEntry>>) => pack(join(folder, `source-${packed++}`), source),
    buildElsewhere: async (order: BuildOrder) => buildElsewhere([JSON.stringify(all), JSON.stringify(order)]),
    dispose: async (): Promise<void> => {
      execFileSync('chmod', ['-R', 'u+rwX', folder]); // Sealed folders, for those who are not root.
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The tar file is readable by its owner only, as Lotse's own uploads are. */
async function pack(folder: string, source: Readonly<Record<string, SourceEntry>>): Promise<string> {
  await mkdir(folder);
  for (const [name, entry] of Object.entries(source)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof entry === 'string') await writeFile(path, entry);
    else if ('link' in entry) await symlink(entry.link, path);
    else await writeFile(path, entry.text, { mode: entry.mode });
  }
  const tar = `${folder}.tar`;
  execFileSync('tar', ['-cf', tar, '-C', folder, '.']);
  await chmod(tar, 0o600);
  return tar;
}

async function buildElsewhere(argv: readonly string[]) {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  const begun = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line === 'waiting' && resolve());
  });
  return {
    begun,
    kill: async (): Promise<void> => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
