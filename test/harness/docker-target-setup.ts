import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Address } from '../../src/core/routing-document.ts';
import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import type { DockerTarget } from '../../src/ports/targets/docker/docker-target.ts';
import { openDockerTarget } from '../../src/ports/targets/docker/docker-target.ts';
import type { DockerTargetOptions } from '../../src/ports/targets/docker/open-docker.ts';
import { baseImage } from './docker-base-image.ts';
import type { FoundEngine } from './docker-engine.ts';
import { holdTargetElsewhere } from './hold-target.ts';
import { until } from './until.ts';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const artifact = `sha256:${'a'.repeat(64)}`;
const dockerfile = `FROM ${baseImage}\nWORKDIR /app\nCOPY . .\nENTRYPOINT []\n`;

/** Built once in a process: nobody waits for the same one again. */
const images = new Map<string, Promise<string>>();

/** A Docker target on a fresh state folder, with an image of `test/fixtures/apps/instance` as its only artifact. */
export async function startDockerTargetTest(
  found: FoundEngine,
  options: Partial<DockerTargetOptions> = {},
  change: { readonly dockerfile?: string } = {},
) {
  if (found.skip !== false) throw new Error(found.skip);
  const { engine, address } = found;
  const folder = await mkdtemp(join(tmpdir(), 'lotse-docker-target-'));
  await chmod(folder, 0o711);
  const controlFolder = join(folder, 'control');
  await mkdir(controlFolder);
  const image = await instanceImage(engine, change.dockerfile);
  const plain = {
    stateDir: join(folder, 'state'),
    engine: address,
    jobGraceMs: 500,
    probes: { steadyIntervalMs: 200 },
    ...options,
  };
  return {
    folder,
    artifact,
    readinessSeenWithinMs: 75, // Making and removing the containers before and after keeps the same processors busy.
    controlFolder,
    image,
    engine,
    /** The id that all names of this target have in them. */
    state: async (): Promise<string> => (await readFile(join(plain.stateDir, 'id'), 'utf8')).trim(),
    neighbours: ({ host, port }: Address): readonly Address[] => {
      const parts = host.split('.').map(Number);
      return [1, 2, 3].map((step) => ({ host: [...parts.slice(0, 3), (parts[3] ?? 0) + step].join('.'), port }));
    },
    processOf: async (pid: number): Promise<number> => processInside(pid),
    open: (): Promise<DockerTarget> =>
      openDockerTarget({ findImage: async (digest) => (digest === artifact ? image : null), ...plain }),
    openElsewhere: (order: unknown) =>
      holdTargetElsewhere('hold-docker-target.ts', [JSON.stringify(plain), JSON.stringify(order), image]),
    dispose: async (): Promise<void> => {
      await removeAllOf(engine, readFileSync(join(plain.stateDir, 'id'), 'utf8').trim());
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}

/** An image of `test/fixtures/apps/instance`, with further lines of its Dockerfile; its id. */
export async function instanceImage(engine: DockerEngine, more = ''): Promise<string> {
  const image = images.get(more) ?? buildInstanceImage(engine, more);
  images.set(more, image);
  return await image;
}

async function buildInstanceImage(engine: DockerEngine, more: string): Promise<string> {
  const source = await mkdtemp(join(tmpdir(), 'lotse-instance-image-'));
  await cp(join(fixtures, 'apps/instance'), source, { recursive: true });
  await writeFile(join(source, 'Dockerfile'), `${dockerfile}${more}`);
  const packing = spawn('tar', ['-c', '--owner=0', '--group=0', '--mtime=@0', '--sort=name', '-C', source, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const tar = packing.stdout.pipe(new PassThrough()); // What nobody reads at once goes with the end of the program.
  let image = '';
  for await (const { aux } of engine.images.build(tar, { forcerm: true }, {})) {
    if (typeof aux === 'object' && aux !== null && 'ID' in aux && typeof aux.ID === 'string') image = aux.ID;
  }
  await rm(source, { recursive: true });
  return image;
}

/** Containers and networks of one state folder. One that is being removed already is in no list, and still on its network. */
export async function removeAllOf(engine: DockerEngine, state: string): Promise<void> {
  const filters = { label: [`lotse.state=${state}`] };
  await until('all of it is removed', async () => {
    for (const { Id } of await engine.containers.list(filters)) await engine.containers.remove(Id, { force: true });
    for (const { Id } of await engine.networks.list(filters)) await engine.networks.remove(Id);
    return true;
  });
}

/** This machine's number of a child of an instance, which told its number inside its container. */
export function processInside(inner: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    const numbers = /^NSpid:\s+(.+)$/m.exec(read(`/proc/${pid}/status`))?.[1]?.split(/\s+/) ?? [];
    return numbers.length > 1 && Number(numbers.at(-1)) === inner && /setInterval/.test(read(`/proc/${pid}/cmdline`));
  });
  if (found === undefined) throw new Error(`no container has a process ${inner}`);
  return Number(found);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It has ended.
  }
}
