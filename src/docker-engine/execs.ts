import type { Duplex } from 'node:stream';
import type { CallLimits } from './containers.ts';
import type { EngineConnection } from './engine-connection.ts';
import type { LogChunk } from './log-frames.ts';
import { plainOutput, readLogFrames } from './log-frames.ts';

/** What is run inside a container that runs; field names are the engine's. */
export interface ExecSpec {
  readonly Cmd: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

/** In characters. */
export interface ExecTerminal {
  readonly columns: number;
  readonly rows: number;
}

export interface AttachedExec {
  readonly id: string;
  /** To its standard input. Destroyed, the engine ends the input; the program has to end by that. */
  readonly input: Duplex;
  /** What it writes, until it ends. Errors: those of the connection. */
  readonly output: AsyncGenerator<LogChunk>;
}

/** `/exec`: programs beside the one that a container was made for. Errors besides those of the connection: `not-found`, `conflict` (the container does not run). */
export class Execs {
  readonly #engine: EngineConnection;

  constructor(engine: EngineConnection) {
    this.#engine = engine;
  }

  /**
   * Starts a program on a connection of its own, which carries its streams and nothing else from then on. With a terminal
   * all of its output is `stdout`.
   */
  async attach(
    container: string,
    spec: ExecSpec,
    { terminal = null, ...limits }: CallLimits & { readonly terminal?: ExecTerminal | null } = {},
  ): Promise<AttachedExec> {
    const Tty = terminal !== null;
    const id = await this.#create(container, { AttachStdin: true, Tty, ...spec }, limits);
    const input = await this.#engine.upgrade({
      ...startOf(id, terminal),
      ...{ headers: { Connection: 'Upgrade', Upgrade: 'tcp' }, asked: 'the start of a program', ...limits },
    });
    return { id, input, output: Tty ? plainOutput(input) : readLogFrames(input, this.#engine.name) };
  }

  async resize(id: string, { columns, rows }: ExecTerminal, limits: CallLimits = {}): Promise<void> {
    const path = `/exec/${encodeURIComponent(id)}/resize`;
    await this.#engine.order({ method: 'POST', path, query: { h: rows, w: columns }, ...limits });
  }

  /** Runs a program to its end: its exit status, and what it wrote to both streams. */
  async run(
    container: string,
    spec: ExecSpec,
    limits: CallLimits = {},
  ): Promise<{ readonly status: number | null; readonly output: string }> {
    const id = await this.#create(container, spec, limits);
    const answer = await this.#engine.stream({ ...startOf(id), ...limits });
    const written: Buffer[] = [];
    for await (const { bytes } of readLogFrames(answer, this.#engine.name)) written.push(bytes);
    return { status: await this.exitCode(id, limits), output: Buffer.concat(written).toString('utf8') };
  }

  /** Null: it runs. */
  async exitCode(id: string, limits: CallLimits = {}): Promise<number | null> {
    const path = `/exec/${encodeURIComponent(id)}/json`;
    const call = { method: 'GET', path, ...limits } as const;
    return (await this.#engine.call<{ readonly ExitCode: number | null }>(call)).ExitCode;
  }

  async #create(container: string, spec: object, limits: CallLimits): Promise<string> {
    const body = { AttachStdout: true, AttachStderr: true, ...spec };
    const path = `/containers/${encodeURIComponent(container)}/exec`;
    return (await this.#engine.call<{ readonly Id: string }>({ method: 'POST', path, body, ...limits })).Id;
  }
}

function startOf(id: string, terminal: ExecTerminal | null = null) {
  const size = terminal === null ? {} : { ConsoleSize: [terminal.rows, terminal.columns] };
  const body = { Detach: false, Tty: terminal !== null, ...size };
  return { method: 'POST', path: `/exec/${encodeURIComponent(id)}/start`, body } as const;
}
