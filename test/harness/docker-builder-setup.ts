import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceEntry } from '../../src/ports/builders/builders.contract.ts';
import type { BuildOrder } from '../../src/ports/builders/builders.ts';
import { openDockerBuilder } from '../../src/ports/builders/docker/docker-builder.ts';
import { buildElsewhere } from './build-elsewhere.ts';
import { baseImage } from './docker-base-image.ts';
import type { FoundEngine } from './docker-engine.ts';
import { packSource } from './pack-source.ts';

const program = fileURLToPath(new URL('../fixtures/processes/run-docker-build.ts', import.meta.url));

const never = new AbortController().signal;

type Source = Readonly<Record<string, SourceEntry>>;
interface SetupOptions {
  readonly needsBuildKit?: boolean;
}

/**
 * A Docker builder on a fresh state folder. A source without a Dockerfile gets one that does what `npm run build` would; its
 * label keeps the images of one test apart from those of all others on the engine.
 */
export async function startDockerBuilderTest(found: FoundEngine, options: SetupOptions = {}) {
  if (found.skip !== false) throw new Error(found.skip);
  const { engine, address } = found;
  const { needsBuildKit = false } = options;
  const folder = await mkdtemp(join(tmpdir(), 'lotse-docker-builder-'));
  const world = randomBytes(6).toString('hex');
  const firstLines = `FROM ${baseImage}\nLABEL world=${world}`;
  const stateDir = join(folder, 'state');
  const open = () => openDockerBuilder({ stateDir, engine });
  const builder = await open();
  let packed = 0;
  const buildPlain = async (source: Source, change: Partial<BuildOrder> = {}, lines: string[] = []) =>
    await builder.build(order(await packPlain(source), change), (line) => lines.push(line), never);
  const packPlain = (source: Source) => packSource(join(folder, `source-${packed++}`), source);
  const pack = (source: Source) =>
    packPlain({ Dockerfile: dockerfileFor(source, firstLines, needsBuildKit), ...source });
  const dispose = async (): Promise<void> => {
    const own = await engine.images.list({ label: [`world=${world}`] });
    const tags = own.flatMap((image) => image.RepoTags ?? []).filter((tag) => tag.startsWith('lotse/'));
    for (const tag of tags) await engine.images.remove(tag);
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  return {
    ...{ builds: 'images' as const, folder, stateDir, engine, world, firstLines, builder, never },
    ...{ open, order, pack, buildPlain, dispose, [Symbol.asyncDispose]: dispose },
    run: (sourceTar: string) => builder.build(order(sourceTar), () => undefined, never),
    build: async (source: Source, change: Partial<BuildOrder> = {}, lines: string[] = []) =>
      await builder.build(order(await pack(source), change), (line) => lines.push(line), never),
    buildElsewhere: (wanted: BuildOrder) => buildElsewhere(program, [stateDir, address.path, JSON.stringify(wanted)]),
  };
}

function order(sourceTar: string, change: Partial<BuildOrder> = {}): BuildOrder {
  const usual = { roots: ['.'], run: null, variables: {}, withinMs: 60_000, memoryBytes: null };
  return { app: 'shop', key: 'one', ...usual, sourceTar, ...change };
}

function dockerfileFor(source: Source, firstLines: string, needsBuildKit: boolean): string {
  const script = buildScript(source['package.json']) ?? (needsBuildKit ? 'true' : null);
  const mount = needsBuildKit ? '--mount=type=tmpfs,target=/scratch ' : '';
  const lines = [firstLines, 'WORKDIR /app', 'ARG GREETING', 'ARG GO', 'COPY . .'];
  return [...lines, ...(script === null ? [] : [`RUN ${mount}${script}`]), ''].join('\n');
}

function buildScript(entry: SourceEntry | undefined): string | null {
  if (typeof entry !== 'string') return null;
  const found: { readonly scripts?: { readonly build?: string } } = JSON.parse(entry);
  return found.scripts?.build ?? null;
}
