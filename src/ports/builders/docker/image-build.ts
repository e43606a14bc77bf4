import { LotseError } from '../../../core/errors.ts';
import type { ArtifactDigest } from '../../../core/ids.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { EngineError } from '../../../docker-engine/engine-errors.ts';
import type { BuildQuery, RegistryCredentials } from '../../../docker-engine/images.ts';
import type { BuildOrder } from '../builders.ts';
import { hiderOf } from '../hide-values.ts';
import { readImageSource } from './image-source.ts';
import { buildClassic, buildWithBuildKit } from './run-build.ts';

const tailLines = 40;

/** One run of one build: from the source to an image without a name. Ends on the engine when its connection does. */
export class ImageBuild {
  readonly #engine: DockerEngine;
  readonly #order: BuildOrder;
  readonly #onLine: (line: string) => void;
  readonly #hide: (text: string) => string;
  readonly #tail: string[] = [];
  #sawFullDisk = false;

  constructor(engine: DockerEngine, order: BuildOrder, onLine: (line: string) => void) {
    this.#engine = engine;
    this.#order = order;
    this.#onLine = onLine;
    this.#hide = hiderOf(order);
  }

  /** The image's id. Errors: those of `Builder.build`, `unreachable` when the engine is not there or went away. */
  async make(signal: AbortSignal): Promise<ArtifactDigest> {
    const timeUp = AbortSignal.timeout(this.#order.withinMs);
    try {
      return await this.#build(AbortSignal.any([signal, timeUp]));
    } catch (error) {
      throw this.#explain(error, signal.aborted, timeUp.aborted);
    }
  }

  async #build(signal: AbortSignal): Promise<ArtifactDigest> {
    const source = await readImageSource(this.#order.sourceTar);
    const { secrets = {}, memoryBytes, withinMs } = this.#order;
    const usesBuildKit = source.needsBuildKit || Object.keys(secrets).length > 0;
    if (usesBuildKit && memoryBytes !== null) this.#say('The memory of this build is not limited: BuildKit cannot.');
    const run = usesBuildKit ? buildWithBuildKit : buildClassic;
    const build = { source, secrets, withinMs, query: this.#query(), credentials: credentialsOf(this.#order) };
    const id = await run({ engine: this.#engine, ...build }, (line) => this.#say(line), signal);
    if (id === null) throw new EngineError('failed', 'Docker ended the build without an image.');
    return id;
  }

  #query(): BuildQuery {
    const { app, variables, memoryBytes } = this.#order;
    return {
      buildargs: variables,
      labels: { 'lotse.app': app },
      forcerm: true,
      ...(memoryBytes === null ? {} : { memory: memoryBytes, memswap: memoryBytes }),
    };
  }

  /** A step may print what it should not. */
  #say(text: string): void {
    const line = this.#hide(text);
    if (/ENOSPC|No space left on device/i.test(line)) this.#sawFullDisk = true;
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
    this.#onLine(line);
  }

  #explain(error: unknown, wasCancelled: boolean, wasLate: boolean): unknown {
    const details = this.#tail;
    if (wasCancelled) return new LotseError('cancelled', 'The build was cancelled.', { details });
    if (wasLate) {
      const hint = 'Give it more time (`within`), or make it faster.';
      const message = `The build took longer than ${this.#order.withinMs / 1000} s.`;
      return new LotseError('timeout', message, { hint, details });
    }
    return error instanceof EngineError ? this.#explainFailure(error) : error;
  }

  #explainFailure(error: EngineError): LotseError {
    const failure = this.#sawFullDisk && error.failure === 'failed' ? 'no-space' : error.failure;
    const message = this.#hide(error.message);
    const details = this.#tail;
    switch (failure) {
      case 'absent':
      case 'closed':
      case 'late':
      case 'forbidden':
      case 'too-old':
        return error;
      case 'no-space': {
        const hint = 'Free some space on the disk of Docker (`docker system df`), then deploy again.';
        return new LotseError('disk-full', `There is no space left for the build on the disk of Docker. ${message}`, {
          hint,
          retriable: true,
          details,
        });
      }
      case 'registry': {
        const from = details.findLast((line) => /\bFROM\s/i.test(line));
        return new LotseError('build-failed', from === undefined ? message : `${message} (${from})`, {
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          retriable: true,
          details,
        });
      }
      default: {
        // 137: SIGKILL, which is how the kernel ends what needs more memory than it may have.
        const isKilled = this.#order.memoryBytes !== null && /(?:non-zero|exit) code: 137/.test(message);
        const why = isKilled ? ' It was killed, most likely for want of memory.' : '';
        const hint = isKilled
          ? 'Give the build more memory (`build.memory`).'
          : 'The last lines of its output say why; it runs from the Dockerfile, with declared variables only.';
        return new LotseError('build-failed', `${message}${why}`, { hint, details });
      }
    }
  }
}

/** The engine knows Docker Hub by the name of its first version. */
function credentialsOf({ registries = {} }: BuildOrder): RegistryCredentials {
  const byName = Object.entries(registries).map(([name, login]) => [
    name === 'docker.io' ? 'https://index.docker.io/v1/' : name,
    login,
  ]);
  return Object.fromEntries(byName);
}
