import type { CallLimits } from './containers.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { Filters, Labels, VolumeDetails } from './engine-shapes.ts';

/** `/volumes`. Errors besides those of the connection: `not-found`, `conflict`. */
export class Volumes {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  /** One that is there already is answered with as it is. */
  async create(name: string, labels: Labels, limits: CallLimits = {}): Promise<VolumeDetails> {
    return await this.#engine.call({
      method: 'POST',
      path: '/volumes/create',
      body: { Name: name, Labels: labels },
      ...limits,
    });
  }

  async inspect(name: string, limits: CallLimits = {}): Promise<VolumeDetails> {
    return await this.#engine.call({ method: 'GET', path: pathOf(name), ...limits });
  }

  async list(filters: Filters = {}, limits: CallLimits = {}): Promise<readonly VolumeDetails[]> {
    const call = { method: 'GET', path: '/volumes', query: { filters }, ...limits } as const;
    return (await this.#engine.call<{ readonly Volumes: readonly VolumeDetails[] | null }>(call)).Volumes ?? [];
  }

  /** `conflict`: a container has it. */
  async remove(name: string, limits: CallLimits = {}): Promise<void> {
    await this.#engine.order({ method: 'DELETE', path: pathOf(name), ...limits });
  }
}

function pathOf(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`;
}
