import type { CallLimits } from './containers.ts';
import { Containers } from './containers.ts';
import type { EngineAddress } from './engine-address.ts';
import { EngineConnection } from './engine-connection.ts';
import type { EngineEvent, EngineInfo, EngineVersion, Filters } from './engine-shapes.ts';
import { Execs } from './execs.ts';
import { Images } from './images.ts';
import { Networks } from './networks.ts';
import { Volumes } from './volumes.ts';

/**
 * One Docker engine, by its HTTP API (1.41 and newer). Nothing is connected before the first call, so an engine need not be
 * there when this is made. Every call has a deadline and every failure is an `EngineError`: `failure` says what was wrong,
 * and for `late` and `closed` nobody knows whether the engine has done it. Nothing is repeated but what only reads.
 */
export class DockerEngine {
  readonly connection: EngineConnection;
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;

  constructor(address: EngineAddress) {
    this.connection = new EngineConnection(address);
    this.containers = new Containers(this.connection);
    this.execs = new Execs(this.connection);
    this.images = new Images(this.connection);
    this.networks = new Networks(this.connection);
    this.volumes = new Volumes(this.connection);
  }

  /** Asked once, and again after the engine was away. `spoken`: the version of the API that is used. */
  async version(): Promise<EngineVersion & { readonly spoken: string }> {
    return await this.connection.version();
  }

  async info(limits: CallLimits = {}): Promise<EngineInfo> {
    return await this.connection.call({ method: 'GET', path: '/info', ...limits });
  }

  /** Resolves when it answers. */
  async ping(timeoutMs: number): Promise<void> {
    await this.connection.order({ method: 'GET', path: '/_ping', timeoutMs });
  }

  /** What happens from now on, or from `since` (Unix seconds), until the signal or the end of the engine. */
  events(filters: Filters, options: CallLimits & { readonly since?: number } = {}): AsyncGenerator<EngineEvent> {
    const { since, ...limits } = options;
    return this.connection.messages({ method: 'GET', path: '/events', query: { filters, since }, ...limits });
  }

  /** Ends connections that are kept; calls under way go on. */
  close(): void {
    this.connection.close();
  }
}
