import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError } from './core/errors.ts';
import type { HiddenValues } from './core/hidden-values.ts';
import type { ArtifactDigest } from './core/ids.ts';
import { OpenedOnce } from './core/opened-once.ts';
import { machineOf, parseServerAddress } from './core/server-address.ts';
import type { ServerLook } from './other-machine/look-at-server.ts';
import type { Server } from './other-machine/open-server.ts';
import type { TargetName } from './manifest/app-manifest.ts';
import type { Builder, Builders } from './ports/builders/builders.ts';
import { openProcessBuilder } from './ports/builders/process/process-builder.ts';
import { readNpm } from './ports/builders/process/read-npm.ts';
import type { DockerBuilder } from './ports/builders/docker/docker-builder.ts';
import { openProcessTarget } from './ports/targets/process/process-target.ts';
import type { ServerTarget } from './ports/targets/spread/spread-target.ts';
import { SpreadTarget } from './ports/targets/spread/spread-target.ts';
import { QuietTarget } from './ports/targets/quiet-target.ts';
import { TargetList } from './ports/targets/target-list.ts';
import type { EnterableTarget, NetworkedTarget, Target } from './ports/targets/targets.ts';

/** What builds apps and runs them on the machine of the control plane. */
export interface Machine {
  readonly builders: Builders;
  readonly target: NetworkedTarget & EnterableTarget;
  readonly servers: Servers;
}

/** The machines of `servers:` that were needed so far. */
interface Servers {
  /** One by its name, `ssh://lotse@de1.shop.example`. Nothing is asked of it yet. */
  of(name: string): Promise<OpenedServer>;
  readonly opened: readonly OpenedServer[];
  readonly target: SpreadTarget;
  /** Looks at these and at those that were needed so far, without needing them. */
  look(names: readonly string[]): Promise<readonly ServerLook[]>;
}

interface OpenedServer extends ServerTarget {
  readonly server: Server;
  /** Resolves when Lotse's proxy serves there and the image of the artifact is there, however long that takes. */
  prepare(artifact: ArtifactDigest): Promise<void>;
  artifactsInUse(): readonly ArtifactDigest[];
}

interface MachineOptions {
  readonly stateDir: string;
  /** Where its Docker engine listens, as in DOCKER_HOST: `unix:///var/run/docker.sock`. */
  readonly dockerHost: string;
  /** What is put out of sight in what programs say. */
  readonly hidden: Pick<HiddenValues, 'hide'>;
}

interface Drivers<B extends Builder = Builder> {
  readonly builder: B;
  readonly target: Target | NetworkedTarget | EnterableTarget;
}

/**
 * The part of the composition root that names builders and targets. Processes are always there; what containers need is
 * loaded when the first app asks for it, and at a start after that, and so is each other machine.
 */
export async function openMachine(options: MachineOptions): Promise<Machine> {
  const processes = await openProcesses(options);
  const servers: Servers = openServers(options, async () => (await containers.of('docker')).builder);
  const containers = new OpenedOnce<'docker', Drivers<DockerBuilder>>(() => openContainers(options, servers));
  const drivers = new OpenedOnce<TargetName, Drivers>(async (name) =>
    name === 'process' ? processes : await containers.of('docker'),
  );
  await drivers.of('process');
  if (existsSync(dockerFolder(options))) await drivers.of('docker');
  for (const name of await knownServers(options)) await servers.of(name);
  const builders: Builders = {
    of: async (name) => (await drivers.of(name)).builder,
    get opened() {
      return drivers.opened.map(({ builder }) => builder);
    },
  };
  const all = new TargetList(processes.target, {
    of: async (place) => ((place.servers ?? []).length > 0 ? servers.target : (await drivers.of(place.target)).target),
    get opened() {
      const here = drivers.opened.map((opened) => opened.target);
      return servers.opened.length === 0 ? here : [...here, servers.target];
    },
  });
  return { builders, target: new QuietTarget(all, options.hidden.hide), servers };
}

async function openProcesses({ stateDir }: MachineOptions): Promise<Drivers> {
  const nodePath = process.execPath;
  const npm = await readNpm();
  const builder = await openProcessBuilder({
    ...{ stateDir: join(stateDir, 'builds'), nodePath, ...npm },
    inUse: () => Promise.resolve(target.artifactsInUse()),
  });
  const target = await openProcessTarget({
    ...{ stateDir: join(stateDir, 'target'), nodePath, pathFolders: npm.pathFolders },
    artifactFolder: (digest) => builder.artifactFolder(digest),
  });
  return { builder, target };
}

async function openContainers(options: MachineOptions, servers: Servers): Promise<Drivers<DockerBuilder>> {
  const [{ DockerEngine }, { openDockerBuilder }, { openDockerTarget }] = await Promise.all([
    import('./docker-engine/docker-engine.ts'),
    import('./ports/builders/docker/docker-builder.ts'),
    import('./ports/targets/docker/docker-target.ts'),
  ]);
  const engine = { kind: 'socket', path: socketOf(options.dockerHost) } as const;
  const folder = dockerFolder(options);
  const target = await openDockerTarget({ stateDir: join(folder, 'target'), engine });
  const builder = await openDockerBuilder({
    ...{ stateDir: join(folder, 'builds'), engine: new DockerEngine(engine) },
    inUse: async () => [target, ...servers.opened].flatMap((each) => each.artifactsInUse()),
  });
  return { builder, target };
}

function openServers(options: MachineOptions, builder: () => Promise<DockerBuilder>): Servers {
  const machines = new Map<string, string>();
  const opening = new OpenedOnce<string, OpenedServer>(async (name) => {
    refuseOtherSpelling(name, machines);
    return await openOnServer(name, options, builder);
  });
  const servers = {
    of: (name: string) => opening.of(name),
    get opened() {
      return opening.opened;
    },
  };
  const looking = new Map<string, Promise<ServerLook>>();
  const lookAt = async (name: string): Promise<ServerLook> => {
    const { lookAtServer } = await import('./other-machine/look-at-server.ts');
    return await lookAtServer({ address: name, folder: serversFolder(options), purpose: 'look' });
  };
  const look = async (names: readonly string[]): Promise<readonly ServerLook[]> => {
    const all = [...new Set([...names, ...opening.opened.map(({ name }) => name)])];
    return await Promise.all(
      all.map(async (name) => {
        const known = looking.get(name) ?? lookAt(name).finally(() => looking.delete(name));
        looking.set(name, known);
        return await known;
      }),
    );
  };
  return Object.assign(servers, { target: new SpreadTarget(servers), look });
}

/** Two ways to one machine would be two owners of Lotse's proxy there. Errors: `bad-input`, `conflict`. */
function refuseOtherSpelling(name: string, machines: Map<string, string>): void {
  const machine = machineOf(parseServerAddress(name));
  const known = machines.get(machine) ?? name;
  machines.set(machine, known);
  if (known === name) return;
  throw new LotseError('conflict', `${name} is the same machine as ${known}, as which Lotse knows it`, {
    hint: `Write \`${known}\` in \`servers\`: its volumes and records go by that.`,
  });
}

/** Its orders, records and logs are here; there are containers, volumes and Lotse's proxy. */
async function openOnServer(
  name: string,
  options: MachineOptions,
  builder: () => Promise<DockerBuilder>,
): Promise<OpenedServer> {
  const [{ openServer }, { openDockerTarget }] = await Promise.all([
    import('./other-machine/open-server.ts'),
    import('./ports/targets/docker/docker-target.ts'),
  ]);
  const folder = join(serversFolder(options), createHash('sha256').update(name).digest('hex').slice(0, 8));
  await mkdir(folder, { recursive: true, mode: 0o711 });
  await writeFile(join(folder, 'name'), name);
  const stateId = await readStateId(options);
  const server = await openServer({ address: name, folder: serversFolder(options), stateId });
  const target = await openDockerTarget({
    ...{ stateDir: join(folder, 'target'), engine: server.link },
    deliver: async (artifact, to, signal) => await (await builder()).deliver(artifact, to, signal),
    tidy: async (engine) => await (await builder()).tidy(engine),
  });
  const prepare = async (artifact: ArtifactDigest): Promise<void> => {
    await Promise.all([server.proxy(), target.bring(artifact)]);
  };
  const artifactsInUse = () => target.artifactsInUse();
  return { name, target, server, prepare, close: () => server.close(), artifactsInUse };
}

/** Those that something was ordered on, so that what runs there is adopted. */
async function knownServers(options: MachineOptions): Promise<readonly string[]> {
  const folders = await readdir(serversFolder(options)).catch(() => []);
  const names = await Promise.all(
    folders.map((folder) => readFile(join(serversFolder(options), folder, 'name'), 'utf8').catch(() => '')),
  );
  return names.filter((name) => name !== '');
}

/** Part of the name of Lotse's proxy on each server. */
async function readStateId(options: MachineOptions): Promise<string> {
  const file = join(serversFolder(options), 'id');
  await writeFile(file, randomBytes(4).toString('hex'), { flag: 'wx' }).catch((error: unknown) => {
    if (!existsSync(file)) throw error;
  });
  return await readFile(file, 'utf8');
}

function serversFolder({ stateDir }: MachineOptions): string {
  return join(stateDir, 'servers');
}

function dockerFolder({ stateDir }: MachineOptions): string {
  return join(stateDir, 'docker');
}

function socketOf(dockerHost: string): string {
  const path = /^unix:\/\/(\/.+)$/.exec(dockerHost)?.[1];
  if (path !== undefined) return path;
  throw new LotseError('bad-input', `${dockerHost} is not the socket of a Docker engine on this machine`, {
    hint: 'Write it as unix:///var/run/docker.sock. Engines on other machines are named by `servers` in lotse.yaml.',
  });
}
