import type { Duplex, Writable } from 'node:stream';
import { LotseError, toLotseError } from '../core/errors.ts';
import type { Address } from '../core/routing-document.ts';
import type { LogChunk } from '../docker-engine/log-frames.ts';
import { Multiplexer } from './agent/multiplexer.ts';
import { RefusedConnection } from './agent/muxed-connection.ts';
import { writeAsk } from './agent/parse-ask.ts';
import type { ConnectLimits } from './machine-link.ts';

/** A program on another machine, by its pipes. `output` ends with it, or breaks. */
export interface RunningAgent {
  readonly input: Writable;
  readonly output: AsyncIterable<LogChunk>;
  readonly end: () => void;
}

export interface MachineAgentOptions {
  /** Of the machine, for messages. */
  readonly name: string;
  readonly start: () => Promise<RunningAgent>;
  /** Default: 10 s. Not heard for three times as long, the agent counts as gone. */
  readonly pingEveryMs?: number;
  /** One that has run is over. */
  readonly onEnd?: () => void;
}

/** Between the start of the agent and its first word, in milliseconds. */
const longestStartMs = 30_000;
const lostHint = 'Look whether the machine runs and can be reached; it is connected to again by itself.';
const timeouts = new Set(['ETIMEDOUT', 'ETIME']);

/**
 * Connections on another machine, by an agent that is started there when the first one is wanted, and again after it has
 * ended. Errors: `unreachable`, `timeout`, `cancelled`.
 */
export class MachineAgent {
  readonly #options: MachineAgentOptions;
  #session: Promise<AgentSession> | null = null;
  #isClosed = false;

  constructor(options: MachineAgentOptions) {
    this.#options = options;
  }

  async connect(to: Address | { readonly socket: string }, { timeoutMs, signal }: ConnectLimits): Promise<Duplex> {
    const what = 'socket' in to ? to.socket : `${to.host}:${to.port}`;
    const at = `${what} of ${this.#options.name}`;
    const untilMs = performance.now() + timeoutMs;
    const late = new LotseError('timeout', `${at} did not answer within ${timeoutMs} ms.`, { retriable: true });
    const session = await within(this.#running(), timeoutMs, late, signal);
    const leftMs = Math.max(1, Math.round(untilMs - performance.now()));
    const { connection, opened } = session.mux.open(writeAsk({ to, timeoutMs: leftMs }));
    try {
      await within(opened, leftMs, late, signal);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error instanceof LotseError ? error : refused(error, at);
    }
  }

  /** Ends its connections and itself, as soon as it has started. */
  close(): void {
    this.#isClosed = true;
    const error = new LotseError('cancelled', `The connection to ${this.#options.name} was closed.`);
    this.#session?.then((session) => session.end(error)).catch(() => undefined);
  }

  async #running(): Promise<AgentSession> {
    if (this.#isClosed) throw new LotseError('cancelled', `The connection to ${this.#options.name} was closed.`);
    if (this.#session === null) {
      const session = AgentSession.start(this.#options, () => {
        if (this.#session === session) this.#session = null;
        this.#options.onEnd?.();
      });
      this.#session = session;
      session.catch(() => {
        if (this.#session === session) this.#session = null;
      });
    }
    return await this.#session;
  }
}

/** One run of the agent. */
class AgentSession {
  readonly mux: Multiplexer;
  readonly #name: string;
  readonly #agent: RunningAgent;
  readonly #timer: NodeJS.Timeout;
  readonly #hello = Promise.withResolvers<void>();
  #words = '';

  private constructor(agent: RunningAgent, options: MachineAgentOptions, onEnd: () => void) {
    const { name, pingEveryMs = 10_000 } = options;
    let allowedMs = longestStartMs;
    this.#name = name;
    this.#agent = agent;
    this.mux = new Multiplexer(agent.input, {
      hello: () => {
        allowedMs = 3 * pingEveryMs;
        this.#hello.resolve();
      },
      opening: (_ask, _accept, refuse) => refuse({ code: 'EPROTO', message: 'nobody is to be reached here' }),
      over: (error) => {
        clearInterval(this.#timer);
        onEnd();
        this.#hello.reject(error instanceof LotseError ? error : this.#lost(error.message));
        agent.end();
      },
    });
    this.#timer = setInterval(() => {
      const silentMs = performance.now() - this.mux.heardAtMs;
      if (silentMs > allowedMs) this.end(this.#lost(`nothing was heard for ${Math.round(silentMs / 1000)} s`));
      else this.mux.send('ping');
    }, pingEveryMs);
    this.#timer.unref();
    void this.#read();
  }

  /** Answers when the agent has said that it is there. */
  static async start(options: MachineAgentOptions, onEnd: () => void): Promise<AgentSession> {
    const agent = await options.start().catch((error: unknown) => {
      throw unreachable(error);
    });
    const session = new AgentSession(agent, options, onEnd);
    await session.#hello.promise;
    return session;
  }

  end(error: LotseError): void {
    this.mux.end(error);
  }

  async #read(): Promise<void> {
    try {
      for await (const { stream, bytes } of this.#agent.output) {
        if (stream === 'stdout') this.mux.receive(bytes);
        else this.#words = `${this.#words}${bytes.toString('utf8')}`.slice(-2_000);
      }
      this.end(this.#lost('the agent there has ended'));
    } catch (error) {
      this.end(this.#lost(toLotseError(error).message));
    }
  }

  #lost(why: string): LotseError {
    const details = this.#words.split('\n').filter((line) => line.trim() !== '');
    return new LotseError('unreachable', `The connection to ${this.#name} is lost: ${why}`, {
      hint: lostHint,
      retriable: true,
      details: details.slice(-5),
    });
  }
}

/** Whatever stands in the way to a machine, a connection there cannot be made. */
function unreachable(error: unknown): LotseError {
  const known = toLotseError(error);
  if (known.code === 'unreachable' || known.code === 'timeout' || known.code === 'cancelled') return known;
  const { message, hint, details } = known;
  return new LotseError('unreachable', message, { ...(hint === undefined ? {} : { hint }), details, cause: error });
}

function refused(error: unknown, at: string): LotseError {
  if (!(error instanceof RefusedConnection)) {
    const why = `The way to ${at} was lost: ${toLotseError(error).message}`;
    return new LotseError('unreachable', why, { hint: lostHint, retriable: true, cause: error });
  }
  const { code } = error;
  if (timeouts.has(code)) return new LotseError('timeout', `${at} did not answer in time.`, { retriable: true });
  return new LotseError('unreachable', `Nobody answers at ${at} (${code}).`, { retriable: true, cause: error });
}

/** The promise goes on; only the waiting ends. */
async function within<T>(promise: Promise<T>, timeoutMs: number, late: LotseError, signal?: AbortSignal): Promise<T> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late), timeoutMs);
  const onAbort = (): void => reject(new LotseError('cancelled', 'The connection is not wanted any more.'));
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, given]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    promise.catch(() => undefined);
  }
}
