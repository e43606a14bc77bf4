import type { Duplex, Readable } from 'node:stream';
import type { EngineConnection } from './engine-connection.ts';
import { EngineError } from './engine-errors.ts';
import type { ContainerDetails, ContainerSpec, ContainerStats, ContainerSummary, Filters } from './engine-shapes.ts';
import type { LogChunk } from './log-frames.ts';
import { plainOutput, readLogFrames } from './log-frames.ts';

export interface CallLimits {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface LogsQuery {
  readonly follow?: boolean;
  /** Unix seconds, with a fraction where wanted. */
  readonly since?: number;
  /** How many of the last lines; all when left out. */
  readonly tail?: number;
  /** Each line begins with its time (RFC 3339 with nanoseconds) and a space. */
  readonly timestamps?: boolean;
}

/** In characters. */
export interface TerminalOfContainer {
  readonly columns: number;
  readonly rows: number;
}

export interface AttachedContainer {
  /** To its standard input. Destroyed, the engine ends the input. */
  readonly input: Duplex;
  /** What it writes, until it ends; with a terminal all of it is `stdout`. Errors: those of the connection. */
  readonly output: AsyncGenerator<LogChunk>;
}

/** `/containers`. An id may also be a name. Errors besides those of the connection: `not-found`, `conflict`. */
export class Containers {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  /** Answers with the id. `conflict`: the name is taken; `not-found`: the image is not there. */
  async create(name: string, spec: ContainerSpec, limits: CallLimits = {}): Promise<string> {
    const call = { method: 'POST', path: '/containers/create', query: { name }, body: spec, ...limits } as const;
    return (await this.#engine.call<{ readonly Id: string }>(call)).Id;
  }

  /** False: it ran already. */
  async start(id: string, limits: CallLimits = {}): Promise<boolean> {
    return await this.#engine.order({ method: 'POST', path: pathOf(id, 'start'), ...limits });
  }

  /** The stop signal, and SIGKILL after the grace (whole seconds). False: it did not run. Answers when it has ended. */
  async stop(id: string, graceSeconds: number, limits: CallLimits = {}): Promise<boolean> {
    const usual = { timeoutMs: graceSeconds * 1000 + 30_000 };
    const call = { method: 'POST', path: pathOf(id, 'stop'), query: { t: graceSeconds } } as const;
    return await this.#engine.order({ ...call, ...usual, ...limits });
  }

  /** `conflict`: it does not run. */
  async kill(id: string, signalName: string, limits: CallLimits = {}): Promise<void> {
    await this.#engine.order({ method: 'POST', path: pathOf(id, 'kill'), query: { signal: signalName }, ...limits });
  }

  async rename(id: string, name: string, limits: CallLimits = {}): Promise<void> {
    await this.#engine.order({ method: 'POST', path: pathOf(id, 'rename'), query: { name }, ...limits });
  }

  /** With its anonymous volumes. `conflict`: it runs, and was not to be ended by force. */
  async remove(id: string, options: CallLimits & { readonly force?: boolean } = {}): Promise<void> {
    const { force, ...limits } = options;
    await this.#engine.order({
      method: 'DELETE',
      path: pathOf(id),
      query: { v: true, force: force === true },
      ...limits,
    });
  }

  /** Its streams on a connection of their own; before its start, so that nothing is missed. `hasTerminal`: as it was made. */
  async attach(id: string, hasTerminal: boolean, limits: CallLimits = {}): Promise<AttachedContainer> {
    const input = await this.#engine.upgrade({
      ...{ method: 'POST', path: pathOf(id, 'attach') },
      query: { stream: true, stdin: true, stdout: true, stderr: true },
      ...{ headers: { Connection: 'Upgrade', Upgrade: 'tcp' }, asked: 'the streams of a container', ...limits },
    });
    return { input, output: hasTerminal ? plainOutput(input) : readLogFrames(input, this.#engine.name) };
  }

  /** Of its terminal. `conflict`: it does not run. */
  async resize(id: string, { columns, rows }: TerminalOfContainer, limits: CallLimits = {}): Promise<void> {
    await this.#engine.order({ method: 'POST', path: pathOf(id, 'resize'), query: { h: rows, w: columns }, ...limits });
  }

  /** Waits for its end and answers with the exit status. Ended ones answer at once. */
  async wait(id: string, limits: CallLimits = {}): Promise<number> {
    const call = { method: 'POST', path: pathOf(id, 'wait'), timeoutMs: 2 ** 31 - 1, ...limits } as const;
    return (await this.#engine.call<{ readonly StatusCode: number }>(call)).StatusCode;
  }

  async inspect(id: string, limits: CallLimits = {}): Promise<ContainerDetails> {
    return await this.#engine.call({ method: 'GET', path: pathOf(id, 'json'), ...limits });
  }

  /** Also those that do not run. */
  async list(filters: Filters = {}, limits: CallLimits = {}): Promise<readonly ContainerSummary[]> {
    return await this.#engine.call({
      method: 'GET',
      path: '/containers/json',
      query: { all: true, filters },
      ...limits,
    });
  }

  /** What it has written, and when followed what it writes until it ends or the signal says so. */
  async *logs(id: string, query: LogsQuery, limits: CallLimits = {}): AsyncGenerator<LogChunk> {
    const all = { stdout: true, stderr: true, ...query };
    const response = await this.#engine.stream({ method: 'GET', path: pathOf(id, 'logs'), query: all, ...limits });
    yield* readLogFrames(response, this.#engine.name);
  }

  /** One look, without the second that two looks would take. */
  async stats(id: string, limits: CallLimits = {}): Promise<ContainerStats> {
    const query = { stream: false, 'one-shot': true };
    return await this.#engine.call({ method: 'GET', path: pathOf(id, 'stats'), query, ...limits });
  }

  /** Unpacks a tar below a folder of the container, running or not. */
  async putArchive(id: string, folder: string, tar: Readable, limits: CallLimits = {}): Promise<void> {
    const query = { path: folder };
    await this.#engine.order({ method: 'PUT', path: pathOf(id, 'archive'), query, upload: tar, ...limits });
  }

  /** Is there such a path in the container, running or not? */
  async hasPath(id: string, path: string, limits: CallLimits = {}): Promise<boolean> {
    const call = { method: 'HEAD', path: pathOf(id, 'archive'), query: { path }, ...limits } as const;
    try {
      return await this.#engine.order(call);
    } catch (error) {
      if (error instanceof EngineError && error.failure === 'not-found') return false;
      throw error;
    }
  }

  /** A tar of one path of the container. */
  async getArchive(id: string, path: string, limits: CallLimits = {}): Promise<Readable> {
    return await this.#engine.stream({ method: 'GET', path: pathOf(id, 'archive'), query: { path }, ...limits });
  }
}

function pathOf(id: string, what?: string): string {
  const path = `/containers/${encodeURIComponent(id)}`;
  return what === undefined ? path : `${path}/${what}`;
}
