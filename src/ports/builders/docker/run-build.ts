import { randomBytes } from 'node:crypto';
import type { Secret } from '../../../core/secret.ts';
import { BuildSession } from '../../../docker-engine/build-session.ts';
import { readBuildKitProgress } from '../../../docker-engine/buildkit-progress.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { BuildQuery, RegistryCredentials } from '../../../docker-engine/images.ts';
import { BuildLines, imageIdOf, textOf } from './build-lines.ts';
import type { ImageSource } from './image-source.ts';
import { openFiltered } from './image-source.ts';

/** How long a build that was cancelled waits for its last step to end. */
const endStepMs = 10_000;

export interface EngineBuild {
  readonly engine: DockerEngine;
  readonly source: ImageSource;
  readonly query: BuildQuery;
  readonly credentials: RegistryCredentials;
  readonly secrets: Readonly<Record<string, Secret>>;
  readonly withinMs: number;
}

/** What the engine's own builder says when a step begins, with its container's id. */
const stepBegins = /^ ---> Running in (?<container>[0-9a-f]{12,})$/m;

/** The engine's own builder: the same in every version, and it keeps a build within its memory. Null: no image was named. */
export async function buildClassic(
  build: EngineBuild,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const lines = new BuildLines(onLine);
  const tar = openFiltered(build.source);
  const limits = { signal, timeoutMs: build.withinMs };
  let id: string | null = null;
  let step: string | null = null;
  try {
    for await (const message of build.engine.images.build(tar, build.query, build.credentials, limits)) {
      const text = textOf(message);
      if (text !== null) lines.add(text);
      step = stepBegins.exec(text ?? '')?.groups?.['container'] ?? step;
      id = imageIdOf(message) ?? id;
    }
    return id;
  } finally {
    lines.end();
    tar.destroy();
    if (signal.aborted && step !== null) await endStep(build.engine, step);
  }
}

/** The engine ends the step of a cancelled build itself, but not one that it has only just started: that one goes on. */
async function endStep(engine: DockerEngine, container: string): Promise<void> {
  await engine.containers.remove(container, { force: true, timeoutMs: endStepMs }).catch(() => undefined);
}

/** BuildKit, which alone can mount secrets. It knows no limit of memory. Null: no image was named. */
export async function buildWithBuildKit(
  build: EngineBuild,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const { engine, credentials, secrets } = build;
  const { memory: _, memswap: __, ...known } = build.query;
  const session = await BuildSession.open(engine.connection, { secrets, credentials }, signal);
  const tar = openFiltered(build.source);
  const progress = new StepLines(onLine);
  let id: string | null = null;
  try {
    const query = { ...known, version: '2', session: session.id, buildid: randomBytes(16).toString('hex') } as const;
    for await (const message of engine.images.build(tar, query, {}, { signal, timeoutMs: build.withinMs })) {
      progress.add(message);
      id = imageIdOf(message) ?? id;
    }
    return id;
  } finally {
    progress.end();
    tar.destroy();
    session.close();
  }
}

/** Each step once, with whether the cache had it, and the output of steps that run side by side by lines. */
class StepLines {
  readonly #onLine: (line: string) => void;
  readonly #told = new Set<string>();
  readonly #outputs = new Map<string, BuildLines>();

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(message: Parameters<typeof readBuildKitProgress>[0]): void {
    for (const event of readBuildKitProgress(message)) {
      if (event.kind === 'output') this.#outputOf(event.step).add(event.text);
      else if (!this.#told.has(event.step) && !event.name.startsWith('[internal]')) {
        this.#told.add(event.step);
        this.#onLine(`${event.name}${event.isCached ? ' (from the cache)' : ''}`);
      }
    }
  }

  end(): void {
    for (const lines of this.#outputs.values()) lines.end();
  }

  #outputOf(step: string): BuildLines {
    const known = this.#outputs.get(step) ?? new BuildLines(this.#onLine);
    this.#outputs.set(step, known);
    return known;
  }
}
