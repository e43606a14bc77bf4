import type { CallLimits } from './containers.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { EndpointSettings, Filters, NetworkDetails, NetworkSpec } from './engine-shapes.ts';

/** `/networks`. An id may also be a name. Errors besides those of the connection: `not-found`, `conflict`. */
export class Networks {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  /** Answers with the id. `conflict`: the name is taken. */
  async create(spec: NetworkSpec, limits: CallLimits = {}): Promise<string> {
    const body = { CheckDuplicate: true, ...spec };
    const call = { method: 'POST', path: '/networks/create', body, ...limits } as const;
    return (await this.#engine.call<{ readonly Id: string }>(call)).Id;
  }

  async inspect(id: string, limits: CallLimits = {}): Promise<NetworkDetails> {
    return await this.#engine.call({ method: 'GET', path: pathOf(id), ...limits });
  }

  async list(filters: Filters = {}, limits: CallLimits = {}): Promise<readonly NetworkDetails[]> {
    return await this.#engine.call({ method: 'GET', path: '/networks', query: { filters }, ...limits });
  }

  /** `forbidden`: containers are on it. */
  async remove(id: string, limits: CallLimits = {}): Promise<void> {
    await this.#engine.order({ method: 'DELETE', path: pathOf(id), ...limits });
  }

  async connect(id: string, container: string, settings: EndpointSettings, limits: CallLimits = {}): Promise<void> {
    const body = { Container: container, EndpointConfig: settings };
    await this.#engine.order({ method: 'POST', path: `${pathOf(id)}/connect`, body, ...limits });
  }

  async disconnect(id: string, container: string, limits: CallLimits = {}): Promise<void> {
    const body = { Container: container, Force: true };
    await this.#engine.order({ method: 'POST', path: `${pathOf(id)}/disconnect`, body, ...limits });
  }
}

function pathOf(id: string): string {
  return `/networks/${encodeURIComponent(id)}`;
}
