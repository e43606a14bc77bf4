import type { Address } from '../../../core/routing-document.ts';
import type { Check } from '../../../rollout/release.ts';
import type { ServiceOrder } from '../targets.ts';
import type { Health, Surroundings } from '../slots/health.ts';
import type { End, Instance } from '../slots/instance.ts';
import type { ProbeAnswer } from '../slots/probe.ts';
import { probe } from '../slots/probe.ts';
import { lastTexts } from '../slots/read-logs.ts';
import type { SlotFiles } from '../slots/slot-files.ts';
import { watchHealth } from '../slots/watch-health.ts';
import type { EntryOrder, Session } from '../session.ts';
import { describeEnd } from './end-note.ts';
import { enterProcess } from './enter-process.ts';
import { findAddress } from './find-address.ts';
import { prepareCommand } from './instance-command.ts';
import { processLogs } from './log-files.ts';
import type { Machine } from './machine.ts';
import type { AttemptParts } from './process-attempt.ts';
import { ProcessAttempt } from './process-attempt.ts';

const lastWordsLines = 20;

/** One attempt of a slot with all that can be done to it. */
export class ProcessInstance extends ProcessAttempt implements Instance {
  readonly attempt: number;
  readonly #order: ServiceOrder;

  constructor(parts: AttemptParts, order: ServiceOrder) {
    super(parts);
    this.attempt = parts.place.attempt;
    this.#order = order;
  }

  async sick(given: Address | null, report: (health: Health) => void, signal: AbortSignal): Promise<string | null> {
    const watch = {
      definition: this.#order.definition,
      given,
      surroundings: this.#surroundings(given?.port ?? 0),
      runningForMs: Math.max(0, this.machine.now() - (this.run?.startedAt ?? 0)),
      timings: this.machine.timings,
      report,
    };
    return await watchHealth(watch, signal);
  }

  async enter(order: EntryOrder, address: Address | null): Promise<Session> {
    return enterProcess(this.machine.tools, await this.prepare(address), this.place.marker, order);
  }

  async describeEnd(): Promise<End> {
    const state = await this.look();
    const how = await describeEnd(this.machine.host, {
      status: state.kind === 'ended' ? state.exitStatus : null,
      outOfMemory: (await this.controlGroup?.wasOutOfMemory()) ?? false,
      memoryBytes: this.#order.definition.memoryBytes,
      logTail: await lastTexts(processLogs, this.folder, lastWordsLines),
    });
    return { how, byPlatform: false };
  }

  async memoryBytes(): Promise<number | null> {
    if (this.run === null) return null;
    const bytes = await this.machine.host.memoryOf(await this.machine.host.family(this.run.pid));
    return bytes === 0 ? null : bytes;
  }

  #surroundings(port: number): Surroundings {
    const { host, timings } = this.machine;
    const { definition } = this.#order;
    return {
      ownCheck: null,
      askGiven: (check) => askLoopback(check, port, timings.timeoutMs),
      ask: (check, address) => probe(check, address, timings.timeoutMs),
      find: () => findAddress(host, this.group(), port, definition.port),
    };
  }
}

/** 127.0.0.1 first; ::1 for programs that listen on `localhost` where that is IPv6. */
async function askLoopback(check: Check, port: number, timeoutMs: number): Promise<ProbeAnswer> {
  const answer = await probe(check, { host: '127.0.0.1', port }, timeoutMs);
  return answer.kind === 'refused' ? await probe(check, { host: '::1', port }, timeoutMs) : answer;
}

/** The instance of that attempt, with its control group where the machine has them. */
export async function openProcessInstance(
  machine: Machine,
  files: SlotFiles,
  order: ServiceOrder,
  attempt: number,
): Promise<ProcessInstance> {
  const { memoryBytes, cpuCores } = order.definition;
  const place = files.place(attempt);
  const controlGroup = await machine.controlGroups.open(place.marker, { memoryBytes, cpuCores });
  const command = (address: Address | null) =>
    prepareCommand(machine, {
      scope: order,
      artifact: order.artifact,
      argv: order.definition.argv,
      root: order.definition.root,
      variables: order.variables,
      ...(order.definition.secretsAs === 'files' ? { secretsAs: 'files' } : {}),
      storeFolders: order.storeFolders,
      scratch: files.scratch,
      port: address?.port ?? null,
      claimFile: order.claim === null ? null : files.claimFile,
      controlGroup,
    });
  const secrets = files.scratch;
  return new ProcessInstance({ machine, place, controlGroup, command, secrets }, order);
}
