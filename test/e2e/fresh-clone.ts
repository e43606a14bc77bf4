import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { environment, release } from '../../src/capabilities/releases/releases-api.ts';
import type { EnvironmentViewModel, ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { readNpm } from '../../src/ports/builders/process/read-npm.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { endProcessesOf, processesOf } from '../harness/state-processes.ts';
import { AppRepository } from './app-repository.ts';
import { RunningCommand, type CommandEnd } from './running-command.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const example = join('examples', 'bildwerk');
/** Of a machine's environment, what a new user of it has as well; HOME is not among it. */
const keptVariables = ['LANG', 'TMPDIR', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'];

/** Why there can be no clone here; false: there can. */
export const cannotClone = reasonNotToClone();

function reasonNotToClone(): string | false {
  if (process.platform !== 'linux') return 'finding the processes of a clone needs /proc';
  return existsSync(join(repository, '.git')) ? false : 'this is no git clone, so it cannot be cloned';
}

/** What is committed here, cloned for somebody whose HOME is empty. All that ever runs in it ends after the test. */
export class FreshClone {
  readonly folder = mkdtempSync(join(tmpdir(), 'lotse-fresh-'));
  readonly root = join(this.folder, 'clone');
  readonly repository = new AppRepository(join(this.root, example));
  readonly apiPort: number;
  readonly frontPort: number;
  readonly #env: Readonly<Record<string, string>>;

  constructor(apiPort: number, frontPort: number, npmEnvironment: Readonly<Record<string, string>>) {
    this.apiPort = apiPort;
    this.frontPort = frontPort;
    const home = join(this.folder, 'home');
    mkdirSync(home);
    chmodSync(this.folder, 0o711); // Users of the environments pass through it.
    this.#env = { ...plainEnvironment(), ...npmEnvironment, HOME: home };
    execFileSync('git', ['clone', '--quiet', repository, this.root], { stdio: 'inherit' });
  }

  /** `npm start` on ports of its own. */
  npmStart(): RunningCommand {
    const places = ['--listen', `127.0.0.1:${this.apiPort}`, '--http', `127.0.0.1:${this.frontPort}`];
    return new RunningCommand(['npm', 'start', '--', ...places], { cwd: this.root, env: this.#env });
  }

  /** `npx lotse …`, typed in the folder of the example app. */
  async lotse(...args: readonly string[]): Promise<CommandEnd> {
    const wishes = { cwd: this.repository.folder, env: this.#env };
    return await new RunningCommand(['npx', 'lotse', ...args], wishes).end(180_000);
  }

  async environment(name: string): Promise<EnvironmentViewModel> {
    return environment.parse(await this.#json('status', name));
  }

  async releases(): Promise<readonly ReleaseView[]> {
    return z.array(release).parse(await this.#json('releases'));
  }

  /** Pids of the copies that serve an environment, in order. */
  async instances(name: string): Promise<readonly number[]> {
    const { services, revision } = await this.environment(name);
    const own = services.flatMap(({ slots }) => slots.filter((slot) => slot.revision === revision));
    return own.flatMap(({ pid }) => pid ?? []).toSorted((one, other) => one - other);
  }

  /** Processes that belong to this clone, whoever started them. */
  get processes(): readonly number[] {
    return processesOf(this.folder);
  }

  /** The control plane's own process; not the proxy, not what it runs. */
  get controlPlanePid(): number {
    const main = join(this.root, 'src', 'main.ts');
    const found = this.processes.filter((pid) => commandLine(pid).includes(main));
    const [pid] = found;
    if (pid === undefined || found.length > 1) throw new Error(`${found.length} control planes run, not one`);
    return pid;
  }

  async dispose(): Promise<void> {
    await endProcessesOf(this.folder);
    execFileSync('chmod', ['-R', 'u+rwX', this.folder]); // Sealed folders, for those who are not root.
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #json(...args: readonly string[]): Promise<unknown> {
    const { exitCode, stdout, said } = await this.lotse(...args, '--json');
    if (exitCode !== 0) throw new Error(`lotse ${args.join(' ')} failed:\n${said}`);
    return JSON.parse(stdout);
  }
}

export async function freshClone(t: TestContext): Promise<FreshClone> {
  const [apiPort = 0, frontPort = 0] = await freePorts(2);
  const { npmEnvironment } = await readNpm();
  // Packages are installed for real; they need not come over the network again.
  const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
  const clone = new FreshClone(apiPort, frontPort, { ...npmEnvironment, npm_config_cache: cache });
  t.after(() => clone.dispose());
  return clone;
}

/** Without the commands of this repository: the clone has to bring its own. */
function plainEnvironment(): Record<string, string> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const path = folders.filter((folder) => !folder.split(sep).includes('node_modules')).join(delimiter);
  const kept = keptVariables.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(kept), PATH: path };
}

function commandLine(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended meanwhile
  }
}
