import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LotseError } from '../../../core/errors.ts';
import type { ArtifactDigest } from '../../../core/ids.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import { findTool } from '../slots/find-tool.ts';
import { Folders } from '../slots/folders.ts';
import type { ProbeTimings } from '../slots/health.ts';
import { defaultProbeTimings } from '../slots/health.ts';
import type { RestartPolicy } from '../slots/restart-policy.ts';
import { defaultRestartPolicy } from '../slots/restart-policy.ts';
import { readSealingKey } from '../slots/sealing.ts';
import { SecretFiles } from '../slots/secret-files.ts';
import type { SlotMachine } from '../slots/slot-machine.ts';
import { readText, writeDurably } from '../slots/state-files.ts';
import type { TrimLimits } from '../slots/trim-file.ts';
import type { UserRange } from '../slots/users.ts';
import { defaultUserRange, openUsers } from '../slots/users.ts';
import { openContainerAddresses } from './container-addresses.ts';
import type { ContainerLimits, DockerMachine, FindImage } from './docker-machine.ts';
import type { EngineOf, EnginePlace } from './engine-place.ts';
import { placeOf } from './engine-place.ts';
import { EnvironmentNetworks } from './environment-networks.ts';
import { ImageDelivery } from './image-delivery.ts';
import { containerLogs } from './kept-lines.ts';
import { SlotContainers } from './slot-containers.ts';
import type { Subnet } from './subnet.ts';
import { parseSubnet } from './subnet.ts';

export interface DockerTargetOptions {
  /** Folder of this target alone; made when it is not there. */
  readonly stateDir: string;
  readonly engine: EngineOf;
  /**
   * Brings the image of an artifact to an engine that has not built it: asked for before the first order of an artifact,
   * and again whenever it is gone there. Not needed on the machine where images are built.
   */
  readonly deliver?: (artifact: ArtifactDigest, to: DockerEngine, signal: AbortSignal) => Promise<void>;
  /** Takes away what was brought to an engine and is needed no longer; asked once an hour. */
  readonly tidy?: (engine: DockerEngine) => Promise<void>;
  /** Default: an artifact's digest is the id of its image, for all services and jobs. */
  readonly findImage?: FindImage;
  /** IPv4 range of the environments' networks, /24 each. Default: 10.213.0.0/16. */
  readonly subnets?: string;
  /** Users for environments: of images that name none, and owners of stores. */
  readonly users?: UserRange;
  /** 32 bytes that seal the secrets of kept orders; otherwise the target makes a key file of its own. */
  readonly sealingKey?: Buffer;
  readonly limits?: Partial<ContainerLimits>;
  readonly restarts?: Partial<RestartPolicy>;
  readonly probes?: Partial<ProbeTimings>;
  readonly logs?: Partial<TrimLimits>;
  /** So many attempts of a slot keep their output. */
  readonly attemptsKept?: number;
  /** Between SIGTERM and SIGKILL of a job that is cancelled or overdue. */
  readonly jobGraceMs?: number;
  readonly now?: () => number;
}

export interface OpenedDocker {
  readonly machine: DockerMachine;
  readonly slots: SlotMachine;
}

const defaultSubnets = '10.213.0.0/16';
const defaultLimits: ContainerLimits = { scratchBytes: 512 * 2 ** 20, processes: 4096 };
const defaultLogLimits: TrimLimits = { trimAboveBytes: 32 * 2 ** 20, keepBytes: 16 * 2 ** 20 };

/** Asks the engine nothing. Errors: `bad-input`, `disk-full`. */
export async function openDocker(options: DockerTargetOptions, closing: AbortSignal): Promise<OpenedDocker> {
  const folders = new Folders(resolve(options.stateDir));
  await folders.make();
  const id = await readId(join(folders.state, 'id'));
  const timings = { ...defaultProbeTimings, ...options.probes };
  const place = placeOf(options.engine, id, timings.timeoutMs);
  const { engine } = place;
  const machine: DockerMachine = {
    ...place,
    id,
    tidy: async () => await options.tidy?.(engine),
    delivery: deliveryOf(options, place, closing),
    networks: new EnvironmentNetworks(engine, id, parseRange(options.subnets ?? defaultSubnets), place.machineNetworks),
    users: await openUsers(join(folders.state, 'users.json'), options.users ?? defaultUserRange),
    folders,
    secretFiles: new SecretFiles(folders.state),
    findImage: options.findImage ?? (async (digest) => digest),
    limits: { ...defaultLimits, ...options.limits },
    timings,
    logs: { limits: { ...defaultLogLimits, ...options.logs }, fallocate: await findTool('fallocate') },
    openLogs: new Map(),
    openOneOffs: new Set(),
    now: options.now ?? Date.now,
  };
  return { machine, slots: await openSlots(machine, options, closing) };
}

async function openSlots(
  machine: DockerMachine,
  options: DockerTargetOptions,
  closing: AbortSignal,
): Promise<SlotContainers> {
  const { folders, networks } = machine;
  return new SlotContainers(machine, {
    folders,
    sealingKey: options.sealingKey ?? (await readSealingKey(join(folders.state, 'sealing.key'))),
    bootId: machine.isLocal ? await readBootId() : '',
    addresses: await openContainerAddresses(networks, join(folders.state, 'next-addresses.json')),
    policy: { ...defaultRestartPolicy, ...options.restarts },
    attemptsKept: options.attemptsKept ?? 10,
    logFormat: containerLogs,
    jobGraceMs: options.jobGraceMs ?? 10_000,
    now: machine.now,
    closing,
  });
}

function deliveryOf({ deliver }: DockerTargetOptions, { engine, words }: EnginePlace, closing: AbortSignal) {
  if (deliver === undefined) return null;
  return new ImageDelivery({ words, closing, deliver: (artifact) => deliver(artifact, engine, closing) });
}

/** Not made from the path: two machines may use one engine from folders of the same name. */
async function readId(file: string): Promise<string> {
  const kept = await readText(file);
  if (kept !== null) return kept.trim();
  const id = randomBytes(4).toString('hex');
  await writeDurably(file, `${id}\n`);
  return id;
}

async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

function parseRange(text: string): Subnet {
  const range = parseSubnet(text);
  if (range !== null && range.prefix <= 28) return range;
  throw new LotseError('bad-input', `"${text}" is no range of addresses for containers.`, {
    hint: 'Write an IPv4 network with at most 28 bits, as 10.213.0.0/16.',
  });
}
