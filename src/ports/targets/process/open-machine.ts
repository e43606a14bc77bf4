import { join, resolve } from 'node:path';
import type { ArtifactDigest } from '../../../core/ids.ts';
import { Folders, shortHash } from '../slots/folders.ts';
import type { ProbeTimings } from '../slots/health.ts';
import { defaultProbeTimings } from '../slots/health.ts';
import type { RestartPolicy } from '../slots/restart-policy.ts';
import { defaultRestartPolicy } from '../slots/restart-policy.ts';
import { readSealingKey } from '../slots/sealing.ts';
import { SecretFiles } from '../slots/secret-files.ts';
import type { SlotMachine } from '../slots/slot-machine.ts';
import type { UserRange, Users } from '../slots/users.ts';
import { closedFolderAbove, defaultUserRange, openUsers } from '../slots/users.ts';
import { openControlGroups } from './control-groups.ts';
import { openHost } from './host.ts';
import type { LogLimits } from './log-files.ts';
import { defaultLogLimits, processLogs } from './log-files.ts';
import { writeScripts } from './launcher.ts';
import type { Machine } from './machine.ts';
import type { PortRange } from './ports.ts';
import { defaultPortRange, loopbackAddresses, openPorts } from './ports.ts';
import { SlotProcesses } from './slot-processes.ts';
import type { MachineTools } from './tools.ts';
import { findTools } from './tools.ts';

export interface ProcessTargetOptions {
  /** Folder of this target alone; made when it is not there. */
  readonly stateDir: string;
  /** The pinned node: its folder comes first in the PATH of every instance. */
  readonly nodePath: string;
  /** The folder of an artifact, absolute; null when it is not on this machine. */
  readonly artifactFolder: (digest: ArtifactDigest) => Promise<string | null>;
  /** Further folders for PATH after node's, e.g. the one that holds npm. */
  readonly pathFolders?: readonly string[];
  /** Users for environments when started by root; null: all run as root. */
  readonly users?: UserRange | null;
  /** 32 bytes that seal the secrets of kept orders; otherwise the target makes a key file of its own. */
  readonly sealingKey?: Buffer;
  readonly ports?: PortRange;
  readonly restarts?: Partial<RestartPolicy>;
  readonly probes?: Partial<ProbeTimings>;
  readonly logs?: Partial<LogLimits>;
  /** Between SIGTERM and SIGKILL of a job that is cancelled or overdue. */
  readonly jobGraceMs?: number;
  readonly now?: () => number;
}

export interface OpenedMachine {
  readonly machine: Machine;
  readonly slots: SlotMachine;
  /** What this machine cannot do, for people. */
  readonly notes: readonly string[];
}

export async function openMachine(options: ProcessTargetOptions, closing: AbortSignal): Promise<OpenedMachine> {
  const folders = new Folders(resolve(options.stateDir));
  await folders.make();
  const family = shortHash(folders.state).slice(0, 12);
  const host = await openHost(process.platform);
  const tools: MachineTools = { ...(await findTools()), scripts: await writeScripts(folders.state) };
  const controlGroups = await openControlGroups(family);
  const users = await chooseUsers(options, folders, tools);
  const machine: Machine = {
    host,
    tools,
    controlGroups,
    users: users.users,
    folders,
    secretFiles: new SecretFiles(folders.state),
    artifactFolder: options.artifactFolder,
    nodePath: options.nodePath,
    pathFolders: options.pathFolders ?? [],
    timings: { ...defaultProbeTimings, ...options.probes },
    logLimits: { ...defaultLogLimits, ...options.logs },
    now: options.now ?? Date.now,
  };
  const slots = await openSlots(machine, options, closing);
  return { machine, slots, notes: [...users.notes, ...controlGroups.notes, ...missingTools(tools)] };
}

async function openSlots(
  machine: Machine,
  options: ProcessTargetOptions,
  closing: AbortSignal,
): Promise<SlotProcesses> {
  const { folders } = machine;
  const firstPort = Number.parseInt(shortHash(folders.state).slice(0, 12), 16);
  const cursorFile = join(folders.state, 'next-port');
  return new SlotProcesses(machine, {
    folders,
    bootId: machine.host.bootId,
    sealingKey: options.sealingKey ?? (await readSealingKey(join(folders.state, 'sealing.key'))),
    addresses: loopbackAddresses(await openPorts(options.ports ?? defaultPortRange, cursorFile, firstPort)),
    policy: { ...defaultRestartPolicy, ...options.restarts },
    attemptsKept: machine.logLimits.attempts,
    logFormat: processLogs,
    jobGraceMs: options.jobGraceMs ?? 10_000,
    now: machine.now,
    closing,
  });
}

interface ChosenUsers {
  readonly users: Users | null;
  readonly notes: readonly string[];
}

/** Only root can give environments users of their own, and only when those can reach node and their folders. */
async function chooseUsers(options: ProcessTargetOptions, folders: Folders, tools: MachineTools): Promise<ChosenUsers> {
  const none = (why: string): ChosenUsers => ({ users: null, notes: [why] });
  if (process.getuid?.() !== 0) {
    return none(
      'Instances run as the user that Lotse runs as, and can read its state: only root can give them others.',
    );
  }
  if (options.users === null) return none('Instances run as root: users of their own were switched off.');
  if (tools.setpriv === null) return none('Instances run as root: setpriv (util-linux) is missing.');
  for (const path of [options.nodePath, join(folders.run, 'x')]) {
    const closed = await closedFolderAbove(path);
    if (closed !== null)
      return none(`Instances run as root: other users may not enter ${closed}, on the way to ${path}.`);
  }
  return { users: await openUsers(join(folders.state, 'users.json'), options.users ?? defaultUserRange), notes: [] };
}

function missingTools(tools: MachineTools): readonly string[] {
  return [
    ...(tools.flock === null ? ['Slots are guarded by start marks only: flock (util-linux) is missing.'] : []),
    ...(tools.fallocate === null ? ['The output of a running attempt is not trimmed: fallocate is missing.'] : []),
  ];
}
