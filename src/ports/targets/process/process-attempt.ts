import type { Address } from '../../../core/routing-document.ts';
import type { AttemptPlace } from '../slots/attempt-place.ts';
import { attemptFolder } from '../slots/attempt-place.ts';
import type { Attempt, StartResult } from '../slots/instance.ts';
import type { AttemptCommand, AttemptState, RunRecord } from './attempt.ts';
import { lookAtAttempt, startAttempt, waitForEnd } from './attempt.ts';
import type { ControlGroup } from './control-groups.ts';
import type { GroupToEnd } from './end-group.ts';
import { endGroup } from './end-group.ts';
import { tendLogs } from './log-files.ts';
import type { Machine } from './machine.ts';

/** What one attempt is made of. */
export interface AttemptParts {
  readonly machine: Machine;
  readonly place: AttemptPlace;
  readonly controlGroup: ControlGroup | null;
  /** Whose secrets lie in memory: taken away after its end. Missing: it has none there. */
  readonly secrets?: string;
  /** Prepared only when it is really started. */
  readonly command: (address: Address | null) => Promise<AttemptCommand>;
}

/** One attempt of a slot or job: a process group of this machine. */
export class ProcessAttempt implements Attempt {
  protected readonly machine: Machine;
  protected readonly place: AttemptPlace;
  protected readonly controlGroup: ControlGroup | null;
  readonly #command: AttemptParts['command'];
  readonly #secrets: string | null;
  #run: RunRecord | null = null;
  /** Null for one that an earlier control plane started. */
  #launcherEnded: Promise<number> | null = null;

  constructor(parts: AttemptParts) {
    this.machine = parts.machine;
    this.place = parts.place;
    this.controlGroup = parts.controlGroup;
    this.#command = parts.command;
    this.#secrets = parts.secrets ?? null;
  }

  get run(): RunRecord | null {
    return this.#run;
  }

  async look(): Promise<AttemptState> {
    const state = await lookAtAttempt(this.machine.host, this.place);
    if (state.kind !== 'unstarted') this.#run = state.run;
    return state;
  }

  async start(address: Address | null): Promise<StartResult> {
    const { host, tools } = this.machine;
    const result = await startAttempt(host, tools, this.place, await this.#command(address));
    if (result.kind === 'running') {
      this.#run = result.run;
      this.#launcherEnded = result.launcherEnded;
    }
    return result.kind === 'running' || result.kind === 'ended' ? { kind: 'started' } : result;
  }

  get folder(): string {
    return attemptFolder(this.place);
  }

  async ended(signal: AbortSignal): Promise<void> {
    if (this.#run === null) return;
    await waitForEnd(this.machine.host, this.place, this.#run, this.#launcherEnded, signal);
  }

  async tendLogs(onNew: (text: string) => void, signal: AbortSignal): Promise<void> {
    const { logLimits, tools } = this.machine;
    await tendLogs(this.folder, logLimits, tools.fallocate, onNew, signal);
  }

  async end(graceMs: number, signal: AbortSignal): Promise<boolean> {
    return (await endGroup(this.machine.host, this.group(), graceMs, signal)) === 'ended';
  }

  async forget(): Promise<void> {
    await this.controlGroup?.remove();
    if (this.#secrets !== null) await this.machine.secretFiles.remove(this.#secrets);
  }

  protected async prepare(address: Address | null): Promise<AttemptCommand> {
    return await this.#command(address);
  }

  protected group(): GroupToEnd {
    return { marker: this.place.marker, run: this.#run, controlGroup: this.controlGroup };
  }
}
