// A process that holds one private Docker engine as long as somebody is connected to it. Its one argument is JSON:
// `KeeperOptions`. Several may be started at once: the first one that has the address stays.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { makeBaseImage } from './docker-base-image.ts';
import type { PrivateEngineOptions } from './private-docker-engine.ts';
import { PrivateDockerEngine, removeLeftovers } from './private-docker-engine.ts';
import { until } from './until.ts';

export interface KeeperOptions extends PrivateEngineOptions {
  /** Abstract socket (unix(7)): it is gone with this process, however that ends. */
  readonly address: string;
  /** How long it stays when nobody is connected any more. */
  readonly lingerMs: number;
  readonly withBaseImage: boolean;
  /**
   * It is in this machine's own network, under an address that others use too: what a keeper that was killed has left goes
   * first, and docker0 and Docker's rules go with the engine.
   */
  readonly isShared: boolean;
  /** Commands to run when all is over. */
  readonly atEnd?: readonly (readonly [string, ...string[]])[];
}

/** What it says: a line when the engine is ready (or why it is not), and one after each order. */
export type KeeperWord = { readonly ready: true } | { readonly problem: string };
/** What it does when told, one word a line. */
export type KeeperOrder = 'start' | 'stop' | 'kill';

class Keeper {
  readonly #options: KeeperOptions;
  readonly #engine: PrivateDockerEngine;
  readonly #users = new Set<Socket>();
  readonly #hadRules: boolean;
  #timer: NodeJS.Timeout | undefined;
  #state: Promise<KeeperWord>;
  #isEnding = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#hadRules = hasDockerRules();
    this.#engine = new PrivateDockerEngine(options);
    this.#state = this.#begin().then(ready, problem);
    this.#waitForUsers(20_000);
  }

  /** One that comes while the engine goes is sent away, and finds the next keeper once this one's address is free. */
  serve(user: Socket): void {
    if (this.#isEnding) {
      user.destroy();
      return;
    }
    clearTimeout(this.#timer);
    this.#users.add(user);
    user.on('error', () => undefined);
    user.once('close', () => {
      this.#users.delete(user);
      if (this.#users.size === 0) this.#waitForUsers(this.#options.lingerMs);
    });
    const tell = (): void => void this.#state.then((word) => user.write(`${JSON.stringify(word)}\n`));
    const orders = createInterface({ input: user }).on('error', () => undefined);
    orders.on('line', (line) => {
      this.#state = this.#state.then(() => this.#obey(line)).then(ready, problem);
      tell();
    });
    tell();
  }

  async #begin(): Promise<void> {
    if (this.#options.isShared) await removeLeftovers(this.#options.folder);
    await this.#engine.start();
    if (this.#options.withBaseImage) await makeBaseImage(this.#engine.engine);
  }

  async #obey(order: string): Promise<void> {
    if (order === 'start') await this.#engine.start();
    else if (order === 'stop') await this.#engine.stop();
    else if (order === 'kill') await this.#engine.kill();
    else throw new Error(`no such order: ${order}`);
  }

  #waitForUsers(forMs: number): void {
    this.#timer = setTimeout(() => void this.#end(), forMs);
  }

  async #end(): Promise<void> {
    await this.#state;
    if (this.#users.size > 0) return;
    this.#isEnding = true;
    await this.#clear().catch(() => undefined); // An engine that does not answer; its processes are ended all the same.
    await this.#engine.remove();
    if (this.#options.isShared && !this.#hadRules) clearRules();
    for (const [program, ...args] of this.#options.atEnd ?? []) attempt(program, args);
    rmSync(`${this.#options.folder}.keeper.log`, { force: true });
    process.exit(0);
  }

  /** Networks are bridges on this machine, and outlive their engine. What is being removed already is waited for. */
  async #clear(): Promise<void> {
    const { containers, networks } = this.#engine.engine;
    const clear = async (): Promise<true> => {
      for (const { Id } of await containers.list()) await containers.remove(Id, { force: true });
      const own = (await networks.list()).filter(({ Name }) => !['bridge', 'host', 'none'].includes(Name));
      for (const { Id } of own) await networks.remove(Id);
      return true;
    };
    await until('nothing is left on the engine', clear, 10_000);
  }
}

function ready(): KeeperWord {
  return { ready: true };
}

function problem(error: unknown): KeeperWord {
  return { problem: error instanceof Error ? error.message : String(error) };
}

function hasDockerRules(): boolean {
  return attempt('iptables', ['-w', '-S', 'DOCKER-USER']);
}

/** Docker leaves its bridge, its chains and a FORWARD that drops; nothing of that was there before. */
function clearRules(): void {
  attempt('ip', ['link', 'delete', 'docker0']);
  attempt('iptables', ['-w', '-P', 'FORWARD', 'ACCEPT']);
  for (const table of ['filter', 'nat']) {
    const rules = text('iptables', ['-w', '-t', table, '-S']).split('\n');
    const jumps = rules.filter(
      (rule) => /^-A (?!DOCKER)\S+ .*-j DOCKER/.test(rule) || / docker0 |-o docker0/.test(rule),
    );
    for (const rule of jumps.filter((one) => !one.startsWith('-A DOCKER'))) {
      attempt('iptables', ['-w', '-t', table, '-D', ...rule.split(' ').slice(1)]);
    }
    const chains = rules.filter((rule) => rule.startsWith('-N DOCKER')).map((rule) => rule.split(' ')[1] ?? '');
    for (const flag of ['-F', '-X']) for (const chain of chains) attempt('iptables', ['-w', '-t', table, flag, chain]);
  }
}

function attempt(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

function text(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 });
  } catch {
    return '';
  }
}

const options: KeeperOptions = JSON.parse(process.argv[2] ?? '{}');
const server = createServer();
server.once('error', () => process.exit(0)); // Another keeper has the address.
server.listen(`\0${options.address}`, () => {
  const keeper = new Keeper(options);
  server.on('connection', (user) => keeper.serve(user));
});
