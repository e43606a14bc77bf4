import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toLotseError } from '../../../core/errors.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { JobOrder } from '../targets.ts';
import type { AttemptPlace, AttemptState } from './attempt.ts';
import { attemptFolder, lookAtAttempt, startAttempt, waitForEnd } from './attempt.ts';
import { endGroup } from './end-group.ts';
import { signalOf } from './end-note.ts';
import { prepareCommand } from './instance-command.ts';
import { tendLogs } from './log-files.ts';
import type { Machine } from './machine.ts';
import type { JobOutcome, JobRecord } from './parse-records.ts';
import { formatOrder, parseJobRecord } from './parse-records.ts';
import { pause, untilAborted } from './pause.ts';
import { lastTexts } from './read-logs.ts';
import { StateFile, readText, writeDurably } from './state-files.ts';

const retryMs = 5000;
const longestTimerMs = 2 ** 31 - 1;

/** One job: started at most once under its key, ended at its deadline, remembered with its exit status. */
export class Job {
  readonly order: JobOrder;
  readonly #machine: Machine;
  readonly #ending = new AbortController();
  readonly #file: StateFile;
  #record: JobRecord;
  #startProblem: string | null = null;
  #launcherEnded: Promise<number> | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(machine: Machine, order: JobOrder, record: JobRecord) {
    this.#machine = machine;
    this.order = order;
    this.#record = record;
    this.#file = new StateFile(join(machine.folders.job(order.key), 'record.json'));
  }

  static async read(machine: Machine, order: JobOrder): Promise<Job> {
    const text = await readText(join(machine.folders.job(order.key), 'record.json'));
    const lost: JobRecord = { deadline: 0, ending: null, outcome: { state: 'lost', exitCode: null, signal: null } };
    return new Job(machine, order, text === null ? lost : parseJobRecord(text));
  }

  get isOver(): boolean {
    return this.#record.outcome !== null;
  }

  get place(): AttemptPlace {
    const folder = this.#machine.folders.job(this.order.key);
    return { folder, attempt: 1, marker: this.#machine.folders.marker('job', this.order.key) };
  }

  open(): void {
    this.#life = this.#persist();
  }

  async settled(): Promise<void> {
    await this.#life;
  }

  async cancel(): Promise<void> {
    if (this.isOver || this.#record.ending !== null) return;
    await this.keep({ ending: 'cancelled' });
    this.#ending.abort();
  }

  async view(): Promise<ObservedJob> {
    const { outcome, ending } = this.#record;
    const tail = await lastTexts(attemptFolder(this.place), 20);
    const note = this.#startProblem ?? describeEnding(ending, this.order.withinMs);
    return {
      key: this.order.key,
      state: outcome?.state ?? 'running',
      exitCode: outcome?.exitCode ?? null,
      signal: outcome?.signal ?? null,
      logTail: note === null ? tail : [...tail, note],
    };
  }

  async keep(change: Partial<JobRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#file.write(`${JSON.stringify(this.#record)}\n`);
  }

  /** A record that cannot be written (a full disk) does not end the job: it is tried again. */
  async #persist(): Promise<void> {
    do {
      try {
        return await this.#live();
      } catch (error) {
        this.#startProblem = `Lotse: ${toLotseError(error).message}`;
      }
    } while (await pause(retryMs, this.#machine.closing));
  }

  async #live(): Promise<void> {
    const { closing, controlGroups } = this.#machine;
    const controlGroup = await controlGroups.open(this.place.marker, { memoryBytes: null, cpuCores: null });
    if (this.#record.ending !== null) this.#ending.abort();
    let state = await lookAtAttempt(this.#machine.host, this.place);
    if (state.kind === 'unstarted' && !this.#ending.signal.aborted) {
      const command = await this.#command(controlGroup);
      const result = await startAttempt(this.#machine.host, this.#machine.tools, this.place, command);
      if (result.kind === 'failed') throw new Error(`the job could not start: ${result.why}`);
      if (result.kind === 'running') this.#launcherEnded = result.launcherEnded;
      this.#startProblem = null;
      state = await lookAtAttempt(this.#machine.host, this.place);
    }
    if (state.kind === 'running') await this.#watch(state);
    if (closing.aborted) return;
    const run = state.kind === 'unstarted' ? null : state.run;
    const graceMs = this.#record.ending === null ? 0 : this.#machine.jobGraceMs;
    const ended = await endGroup(
      this.#machine.host,
      { marker: this.place.marker, run, controlGroup },
      graceMs,
      closing,
    );
    if (ended === 'interrupted') return;
    await controlGroup?.remove();
    await this.#finish(await lookAtAttempt(this.#machine.host, this.place));
  }

  /** Until it has ended, is cancelled, its time is up, or the target closes. */
  async #watch(state: Extract<AttemptState, { kind: 'running' }>): Promise<void> {
    const { host, closing, logLimits, tools, now } = this.#machine;
    const watching = new AbortController();
    const signal = AbortSignal.any([closing, watching.signal]);
    const halted = untilAborted(AbortSignal.any([closing, this.#ending.signal]));
    const folder = attemptFolder(this.place);
    const logs = tendLogs(folder, logLimits, tools.fallocate, () => undefined, signal).catch(() => undefined);
    const ended = waitForEnd(host, this.place, state.run, this.#launcherEnded, signal).then(() => 'ended' as const);
    const remainingMs = Math.min(longestTimerMs, Math.max(0, this.#record.deadline - now()));
    const overdue = pause(remainingMs, signal).then((waited) => (waited ? ('overdue' as const) : null));
    const what = await Promise.race([ended, overdue, halted.done]);
    watching.abort();
    halted.stop();
    await logs;
    if (what === 'overdue') await this.keep({ ending: 'overdue' });
  }

  /** The outcome is kept; secrets and the scratch folder are not needed any more, the output stays. */
  async #finish(state: AttemptState): Promise<void> {
    const exitStatus = state.kind === 'ended' ? state.exitStatus : null;
    await this.keep({ outcome: outcomeOf(exitStatus, this.#record.ending, state.kind === 'unstarted') });
    const order = formatOrder(this.#machine.sealingKey, { ...this.order, variables: {} });
    await writeDurably(join(this.place.folder, 'order.json'), order);
    await rm(this.#scratch(), { recursive: true, force: true });
  }

  async #command(controlGroup: Parameters<typeof prepareCommand>[1]['controlGroup']) {
    return await prepareCommand(this.#machine, {
      ...this.order,
      scope: this.order,
      scratch: this.#scratch(),
      port: null,
      claimFile: null,
      controlGroup,
    });
  }

  #scratch(): string {
    return this.#machine.folders.runOfJob(this.order, this.order.key);
  }
}

/** A job that was ended by Lotse has failed, whatever it said on its way out. */
function outcomeOf(exitStatus: number | null, ending: JobRecord['ending'], unstarted: boolean): JobOutcome {
  const signal = exitStatus === null ? null : signalOf(exitStatus);
  const exitCode = signal === null ? exitStatus : null;
  if (ending !== null) return { state: 'failed', exitCode, signal };
  if (exitStatus === null) return { state: unstarted ? 'failed' : 'lost', exitCode: null, signal: null };
  return { state: exitStatus === 0 ? 'succeeded' : 'failed', exitCode, signal };
}

function describeEnding(ending: JobRecord['ending'], withinMs: number): string | null {
  if (ending === 'cancelled') return 'Lotse: the job was cancelled.';
  if (ending === 'overdue') return `Lotse: the job was ended because it took longer than its ${withinMs / 1000} s.`;
  return null;
}
