import { setTimeout as pause } from 'node:timers/promises';
import { LotseError, toLotseError } from '../core/errors.ts';
import type { DockerEngine } from '../docker-engine/docker-engine.ts';
import { ProxyControl } from '../proxy/control-client.ts';
import { ownProxyBuild } from '../proxy/start-proxy.ts';
import { proxyStateDir } from './keep-proxy.ts';
import { MachineAgent } from './machine-agent.ts';
import type { RunningAgent } from './machine-agent.ts';
import type { MachineLink } from './machine-link.ts';
import { ProxyContainer } from './proxy-container.ts';
import { readProxyProgram } from './proxy-program.ts';
import type { ProxyProgram } from './proxy-program.ts';
import { openServerEngine } from './server-engine.ts';
import type { ServerEngineOptions } from './server-engine.ts';

export interface ServerOptions extends ServerEngineOptions {
  /** Of the state folder: part of every name on the engine. */
  readonly stateId: string;
  /** Proxy workers there; default 1. */
  readonly workers?: number;
  /** Told what came of a hand-over of the proxy there. */
  readonly note?: (message: string) => void;
}

/** A machine of `servers:`. */
export interface Server {
  readonly link: MachineLink;
  /** Lotse's proxy there, which is brought there, started and replaced by this build's one as needed. Errors: `unreachable`, `timeout`, `EngineError`. */
  proxy(): Promise<ProxyControl>;
  /** Takes the proxy away, its state too: nobody answers there any more. */
  retire(): Promise<void>;
  /** Ends what is open from here; all goes on there. */
  close(): Promise<void>;
}

/**
 * Starts the agent. What compiles it takes 18 MB of the process that does, for good: the first time it is another process,
 * which ends with its input.
 */
const agentScript = `[ -e "$0.compiled" ] || { node --no-warnings "$0" </dev/null >/dev/null 2>&1; : >"$0.compiled"; }
exec node --max-semi-space-size=1 --no-warnings "$0"`;
const controlSocket = `${proxyStateDir}/control.sock`;
const startMs = 30_000;
const pollMs = 100;
const callMs = 10_000;

/** Nothing is connected before it is needed. Errors: `bad-input` (the address), `not-found` (a file of TLS). */
export async function openServer(options: ServerOptions): Promise<Server> {
  const { engine, close } = await openServerEngine(options);
  return new OpenServer(options, engine, close, readProxyProgram());
}

class OpenServer implements Server {
  readonly link: MachineLink;
  readonly #options: ServerOptions;
  readonly #closeEngine: () => Promise<void>;
  readonly #program: ProxyProgram;
  readonly #container: ProxyContainer;
  readonly #agent: MachineAgent;
  readonly #control: ProxyControl;
  /** As long as the agent runs, which ends with the container. */
  #ready: Promise<ProxyControl> | null = null;

  constructor(options: ServerOptions, engine: DockerEngine, closeEngine: () => Promise<void>, program: ProxyProgram) {
    const { address: name, stateId, workers = 1 } = options;
    this.#options = options;
    this.#closeEngine = closeEngine;
    this.#program = program;
    this.#container = new ProxyContainer({ engine, stateId, workers, program });
    this.#agent = new MachineAgent({
      name,
      start: async () => await this.#startAgent(engine),
      onEnd: () => (this.#ready = null),
    });
    const connect: MachineLink['connect'] = async (to, limits) => await this.#agent.connect(to, limits);
    this.link = { name, engine, connect, close: async () => this.#agent.close() };
    const open = async () => await connect({ socket: controlSocket }, { timeoutMs: callMs });
    this.#control = new ProxyControl(proxyStateDir, { keepsConnections: true, door: { name, open } });
  }

  async proxy(): Promise<ProxyControl> {
    const ready = (this.#ready ??= this.#bringUp());
    try {
      return await ready;
    } catch (error) {
      if (this.#ready === ready) this.#ready = null;
      throw error;
    }
  }

  async retire(): Promise<void> {
    this.#agent.close();
    await this.#container.remove();
  }

  async close(): Promise<void> {
    this.#agent.close();
    await this.#closeEngine();
  }

  async #startAgent(engine: DockerEngine): Promise<RunningAgent> {
    const container = await this.#container.ensure();
    const { input, output } = await engine.execs.attach(container, {
      Cmd: ['sh', '-c', agentScript, this.#program.agentEntry],
      Env: [`NODE_COMPILE_CACHE=${proxyStateDir}/compile-cache`],
    });
    return { input, output, end: () => input.destroy() };
  }

  async #bringUp(): Promise<ProxyControl> {
    await this.#container.ensure();
    const build = await this.#untilServing();
    if (withoutNode(build) !== withoutNode(ownProxyBuild())) await this.#handOver(build);
    else await this.#container.makeCurrent();
    return this.#control;
  }

  /** Answers which build serves. */
  async #untilServing(): Promise<string> {
    const untilMs = performance.now() + startMs;
    for (;;) {
      try {
        return (await this.#control.status()).build;
      } catch (error) {
        const isStarting = error instanceof LotseError && error.code === 'unreachable';
        if (!isStarting || performance.now() > untilMs) throw error;
      }
      await pause(pollMs);
    }
  }

  /** One that does not succeed leaves the proxy as it is, and it serves on. */
  async #handOver(before: string): Promise<void> {
    const { note = () => undefined, address } = this.#options;
    try {
      const next = await this.#control.upgrade({ entry: this.#program.proxyEntry });
      await this.#container.makeCurrent();
      note(`the proxy of ${address} (${before}) has handed over to ${next.build}`);
    } catch (error) {
      const { message, details } = toLotseError(error);
      note(
        `the proxy of ${address} (${before}) goes on, because it could not hand over: ${message} ${details.join(' | ')}`,
      );
    }
  }
}

/** The Node.js there is that of its image. */
function withoutNode(build: string): string {
  return build.replace(/ node .*$/, '');
}
