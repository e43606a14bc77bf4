import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { DockerEngine } from '../docker-engine/docker-engine.ts';
import type { EngineFailure } from '../docker-engine/engine-errors.ts';
import { EngineError } from '../docker-engine/engine-errors.ts';
import type { ContainerDetails, ContainerSpec } from '../docker-engine/engine-shapes.ts';
import { currentProgramPath, keepProxyPath, keepProxyScript, proxyStateDir } from './keep-proxy.ts';
import type { ProxyProgram } from './proxy-program.ts';
import { writeTar } from './write-tar.ts';

export interface ProxyContainerOptions {
  readonly engine: DockerEngine;
  /** Of the state folder: two of them on one machine have a proxy each. */
  readonly stateId: string;
  readonly program: ProxyProgram;
  /** Proxy workers. */
  readonly workers: number;
}

const proxyBaseImage = 'node:24-slim';
const frameLabel = 'lotse.proxy.frame';
/** Between the order to end and the end by force, in seconds: what is open may finish. */
const stopGraceS = 10;
const pullMs = 600_000;
const copyMs = 120_000;

/**
 * The container of Lotse's proxy on another machine. The engine keeps it running, over restarts of the machine too. Lotse's
 * files are copied into it: a new program comes beside the one that runs, which hands over to it. Only where the container
 * itself has to be another one it is replaced; then nobody listens for about as long as a proxy takes to start.
 */
export class ProxyContainer {
  readonly name: string;
  readonly #options: ProxyContainerOptions;
  readonly #frame: string;
  #ensuring: Promise<string> | null = null;

  constructor(options: ProxyContainerOptions) {
    this.#options = options;
    this.name = `lotse-proxy-${options.stateId}`;
    const parts = JSON.stringify([keepProxyScript, this.#spec('')]);
    this.#frame = createHash('sha256').update(parts).digest('hex').slice(0, 12);
  }

  /** Answers with its id when it runs, with this program inside. May be called again at any time. Errors: `EngineError`. */
  async ensure(): Promise<string> {
    this.#ensuring ??= this.#ensure().finally(() => (this.#ensuring = null));
    return await this.#ensuring;
  }

  /** The program that is started when the container is started anew. */
  async makeCurrent(): Promise<void> {
    await this.#put(this.name, writeTar([this.#currentFile()]));
  }

  /** Ends it and takes away what it has left, its state too. */
  async remove(): Promise<void> {
    const { containers, volumes } = this.#options.engine;
    for (const name of [this.name, `${this.name}-next`]) {
      await containers.stop(name, stopGraceS).catch(unless('not-found'));
      await containers.remove(name, { force: true }).catch(unless('not-found'));
    }
    await volumes.remove(this.name).catch(unless('not-found'));
  }

  async #ensure(): Promise<string> {
    const found = await this.#find();
    if (found === null || found.Config.Labels[frameLabel] !== this.#frame) return await this.#create(found);
    const { containers } = this.#options.engine;
    const { mark, tar } = this.#options.program;
    if (!(await containers.hasPath(found.Id, mark))) await this.#put(found.Id, tar());
    if (found.State.Running) return found.Id;
    await this.makeCurrent();
    await containers.start(found.Id);
    return found.Id;
  }

  /** Made under another name first, so that little is left to do when the one before it has ended. */
  async #create(before: ContainerDetails | null): Promise<string> {
    const { containers, volumes } = this.#options.engine;
    await this.#bringImage();
    await volumes.create(this.name, this.#labels());
    const next = `${this.name}-next`;
    await containers.remove(next, { force: true }).catch(unless('not-found'));
    const id = await containers.create(next, this.#spec(this.#frame));
    await this.#put(id, this.#options.program.tar());
    const keeper = { path: keepProxyPath.slice(1), content: keepProxyScript, mode: 0o755 };
    await this.#put(id, writeTar([keeper, this.#currentFile()]));
    if (before !== null) {
      await containers.stop(before.Id, stopGraceS).catch(unless('not-found'));
      await containers.remove(before.Id, { force: true }).catch(unless('not-found'));
    }
    await containers.rename(id, this.name);
    await containers.start(id);
    return id;
  }

  async #find(): Promise<ContainerDetails | null> {
    return await this.#options.engine.containers.inspect(this.name).catch(unless('not-found'));
  }

  async #bringImage(): Promise<void> {
    const { images } = this.#options.engine;
    if ((await images.inspect(proxyBaseImage).catch(unless('not-found'))) !== null) return;
    for await (const _ of images.pull(proxyBaseImage, null, { timeoutMs: pullMs }));
  }

  async #put(container: string, tar: Buffer): Promise<void> {
    const limits = { timeoutMs: copyMs };
    await this.#options.engine.containers.putArchive(container, '/', Readable.from([tar]), limits);
  }

  #currentFile() {
    return { path: currentProgramPath.slice(1), content: this.#options.program.id };
  }

  #labels() {
    return { 'lotse.proxy': this.#options.stateId };
  }

  #spec(frame: string): ContainerSpec {
    return {
      Image: proxyBaseImage,
      Entrypoint: ['/bin/sh', keepProxyPath],
      Cmd: [String(this.#options.workers)],
      Labels: { ...this.#labels(), [frameLabel]: frame },
      User: '0:0',
      WorkingDir: '/',
      StopTimeout: stopGraceS,
      HostConfig: {
        NetworkMode: 'host',
        UsernsMode: 'host',
        RestartPolicy: { Name: 'always' },
        Mounts: [{ Type: 'volume', Source: this.name, Target: proxyStateDir }],
        CapDrop: ['ALL'],
        CapAdd: ['NET_BIND_SERVICE'],
        SecurityOpt: ['no-new-privileges'],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      },
    };
  }
}

/** Null instead of this failure. */
function unless(failure: EngineFailure): (error: unknown) => null {
  return (error) => {
    if (error instanceof EngineError && error.failure === failure) return null;
    throw error;
  };
}
