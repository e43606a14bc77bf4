import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { environment, release } from '../../src/capabilities/releases/releases-api.ts';
import type { EnvironmentViewModel, ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import type { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import type { ContainerDetails } from '../../src/docker-engine/engine-shapes.ts';
import { labelNames, stateLabel } from '../../src/ports/targets/docker/container-names.ts';
import { ipAt, parseSubnet } from '../../src/ports/targets/docker/subnet.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { removeAllOf } from '../harness/docker-target-setup.ts';
import { endHarbour } from '../harness/foreign-harbour.ts';
import { startPackageRegistry } from '../harness/package-registry.ts';
import { processesOf } from '../harness/state-processes.ts';
import { bildwerkSource, copyBildwerk } from './bildwerk-repository.ts';
import { RunningCommand, type CommandEnd } from './running-command.ts';

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));

interface Places {
  readonly apiPort: number;
  readonly frontPort: number;
  /** Path of the engine's socket. */
  readonly socket: string;
}

/** The example app in a git repository of its own, whose lotse.yaml says that it goes out as containers. */
export class BildwerkInContainers implements Places {
  readonly root = mkdtempSync(join(tmpdir(), 'lotse-bildwerk-'));
  readonly repository = copyBildwerk(this.root);
  readonly apiPort: number;
  readonly frontPort: number;
  readonly socket: string;
  readonly #state = join(this.root, 'state');

  constructor({ apiPort, frontPort, socket }: Places, packages: string) {
    this.apiPort = apiPort;
    this.frontPort = frontPort;
    this.socket = socket;
    chmodSync(this.root, 0o711); // Users of the containers pass through it.
    const replace = `target: docker\nbuild: { config: { NPM_CONFIG_REGISTRY: "${packages}" } }`;
    this.repository.change({ file: 'lotse.yaml', find: 'target: process', replace });
    this.repository.begin();
  }

  /** `lotse up`, which goes on until it is interrupted. */
  up(): RunningCommand {
    const places = ['--listen', `127.0.0.1:${this.apiPort}`, '--http', `127.0.0.1:${this.frontPort}`];
    return this.#run('up', ...places, '--docker', `unix://${this.socket}`);
  }

  async lotse(...args: readonly string[]): Promise<CommandEnd> {
    return await this.#run(...args).end(180_000);
  }

  async environment(name: string): Promise<EnvironmentViewModel> {
    return environment.parse(await this.#json('status', name));
  }

  async releases(): Promise<readonly ReleaseView[]> {
    return z.array(release).parse(await this.#json('releases'));
  }

  /** Containers of services, also those that have ended; jobs go when they are over. */
  async containers(engine: DockerEngine): Promise<readonly ContainerDetails[]> {
    const filters = { label: [`${stateLabel}=${this.stateId}`, labelNames.service] };
    const found = await engine.containers.list(filters);
    return await Promise.all(found.map(({ Id }) => engine.containers.inspect(Id)));
  }

  /** Part of the name of all that it makes on the engine. */
  get stateId(): string {
    return readFileSync(join(this.#state, 'docker/target/id'), 'utf8').trim();
  }

  /** Processes that belong to it, whoever started them. */
  get processes(): readonly number[] {
    return processesOf(this.root);
  }

  #run(...args: readonly string[]): RunningCommand {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('LOTSE_'));
    const kept = own.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const env = { ...Object.fromEntries(kept), NO_COLOR: '1' };
    const line = [process.execPath, program, ...args, '--state', this.#state] as const;
    return new RunningCommand(line, { cwd: this.repository.folder, env });
  }

  async #json(...args: readonly string[]): Promise<unknown> {
    const { exitCode, stdout, said } = await this.lotse(...args, '--json');
    if (exitCode !== 0) throw new Error(`lotse ${args.join(' ')} failed:\n${said}`);
    return JSON.parse(stdout);
  }
}

/** All that it is, and all that it has made on the engine, is gone after the test. */
export async function bildwerkInContainers(
  t: TestContext,
  engine: DockerEngine,
  socket: string,
): Promise<BildwerkInContainers> {
  const [apiPort = 0, frontPort = 0] = await freePorts(2);
  const registry = await startPackageRegistry(bildwerkSource, await machineSeenByBuilds(engine));
  t.after(registry.stop);
  const bildwerk = new BildwerkInContainers({ apiPort, frontPort, socket }, registry.url);
  t.after(async () => {
    const { stateId } = bildwerk;
    await endHarbour(bildwerk.root);
    await removeAllOf(engine, stateId);
  });
  return bildwerk;
}

/** Builds run on the engine's own bridge, where this machine has the first address. */
async function machineSeenByBuilds(engine: DockerEngine): Promise<string> {
  const { IPAM } = await engine.networks.inspect('bridge');
  const subnet = parseSubnet(IPAM.Config?.[0]?.Subnet ?? '');
  if (subnet === null) throw new Error('the engine has no bridge of its own');
  return IPAM.Config?.[0]?.Gateway ?? ipAt(subnet, 1);
}
