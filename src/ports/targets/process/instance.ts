import type { ServiceOrder } from '../targets.ts';
import type { AttemptState, RunRecord, StartResult } from './attempt.ts';
import { lookAtAttempt, startAttempt, waitForEnd } from './attempt.ts';
import type { ControlGroup } from './control-groups.ts';
import { endGroup } from './end-group.ts';
import { describeEnd } from './end-note.ts';
import type { Health } from './health.ts';
import { watchHealth } from './health.ts';
import { prepareCommand } from './instance-command.ts';
import { tendLogs } from './log-files.ts';
import type { Machine } from './machine.ts';
import { lastTexts } from './read-logs.ts';
import type { SlotFiles } from './slot-files.ts';

/** One attempt of a slot with all that can be done to it. */
export class Instance {
  readonly attempt: number;
  readonly #machine: Machine;
  readonly #files: SlotFiles;
  readonly #order: ServiceOrder;
  readonly #controlGroup: ControlGroup | null;
  #run: RunRecord | null = null;
  /** Null for one that an earlier control plane started. */
  #launcherEnded: Promise<number> | null = null;

  constructor(
    machine: Machine,
    files: SlotFiles,
    order: ServiceOrder,
    attempt: number,
    controlGroup: ControlGroup | null,
  ) {
    this.#machine = machine;
    this.#files = files;
    this.#order = order;
    this.attempt = attempt;
    this.#controlGroup = controlGroup;
  }

  get run(): RunRecord | null {
    return this.#run;
  }

  async look(): Promise<AttemptState> {
    const state = await lookAtAttempt(this.#machine.host, this.#files.place(this.attempt));
    if (state.kind !== 'unstarted') this.#run = state.run;
    return state;
  }

  /** Errors: `not-found` (artifact gone), `disk-full`. */
  async start(port: number | null): Promise<StartResult> {
    const order = this.#order;
    const command = await prepareCommand(this.#machine, {
      scope: order,
      artifact: order.artifact,
      argv: order.definition.argv,
      root: order.definition.root,
      variables: order.variables,
      storeFolders: order.storeFolders,
      scratch: this.#files.scratch,
      port,
      claimFile: order.claim === null ? null : this.#files.claimFile,
      controlGroup: this.#controlGroup,
    });
    const { host, tools } = this.#machine;
    const result = await startAttempt(host, tools, this.#files.place(this.attempt), command);
    if (result.kind === 'running') {
      this.#run = result.run;
      this.#launcherEnded = result.launcherEnded;
    }
    return result;
  }

  /** Resolves when the main process has ended, or the signal came. */
  async ended(signal: AbortSignal): Promise<void> {
    if (this.#run === null) return;
    const place = this.#files.place(this.attempt);
    await waitForEnd(this.#machine.host, place, this.#run, this.#launcherEnded, signal);
  }

  /** Resolves with why when liveness failed too often, with null when the signal came. */
  async sick(port: number | null, report: (health: Health) => void, signal: AbortSignal): Promise<string | null> {
    const watch = {
      host: this.#machine.host,
      group: this.#group(),
      definition: this.#order.definition,
      port,
      runningForMs: Math.max(0, this.#machine.now() - (this.#run?.startedAt ?? 0)),
      timings: this.#machine.timings,
      report,
    };
    return await watchHealth(watch, signal);
  }

  /** Notes and trims its output until the signal comes. */
  async tendLogs(onNew: (text: string) => void, signal: AbortSignal): Promise<void> {
    const { logLimits, tools } = this.#machine;
    await tendLogs(this.#files.attemptFolder(this.attempt), logLimits, tools.fallocate, onNew, signal);
  }

  /** Ends the main process and all that it left behind; true when nothing is left. */
  async end(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const result = await endGroup(this.#machine.host, this.#group(), graceMs, signal);
    return result === 'ended';
  }

  /** Half a sentence for people, after the end. */
  async describeEnd(): Promise<string> {
    const state = await this.look();
    return await describeEnd(this.#machine.host, {
      status: state.kind === 'ended' ? state.exitStatus : null,
      outOfMemory: (await this.#controlGroup?.wasOutOfMemory()) ?? false,
      memoryBytes: this.#order.definition.memoryBytes,
      logTail: await this.logTail(),
    });
  }

  async logTail(): Promise<readonly string[]> {
    return await lastTexts(this.#files.attemptFolder(this.attempt), 20);
  }

  async memoryBytes(): Promise<number | null> {
    if (this.#run === null) return null;
    const bytes = await this.#machine.host.memoryOf(await this.#machine.host.family(this.#run.pid));
    return bytes === 0 ? null : bytes;
  }

  /** Gives the control group back; after the end. */
  async forget(): Promise<void> {
    await this.#controlGroup?.remove();
  }

  #group() {
    const { marker } = this.#files.place(this.attempt);
    return { marker, run: this.#run, controlGroup: this.#controlGroup };
  }
}

/** The instance of that attempt, with its control group where the machine has them. */
export async function openInstance(
  machine: Machine,
  files: SlotFiles,
  order: ServiceOrder,
  attempt: number,
): Promise<Instance> {
  const { memoryBytes, cpuCores } = order.definition;
  const { marker } = files.place(attempt);
  const controlGroup = await machine.controlGroups.open(marker, { memoryBytes, cpuCores });
  return new Instance(machine, files, order, attempt, controlGroup);
}
