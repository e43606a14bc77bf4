import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError, toLotseError } from '../../../core/errors.ts';
import type { ObservedJob } from '../../../rollout/facts.ts';
import type { JobOrder } from '../targets.ts';
import type { AttemptPlace } from './attempt-place.ts';
import { attemptFolder } from './attempt-place.ts';
import { signalOf } from './exit-status.ts';
import type { Attempt, RunState } from './instance.ts';
import type { JobOutcome, JobRecord } from './parse-records.ts';
import { formatOrder, parseJobRecord } from './parse-records.ts';
import { pause, untilAborted } from './pause.ts';
import { lastTexts } from './read-logs.ts';
import type { SlotMachine } from './slot-machine.ts';
import { StateFile, readText, writeDurably } from './state-files.ts';

const retryMs = 5000;
const longestTimerMs = 2 ** 31 - 1;

/** One job: started at most once under its key, ended at its deadline, remembered with its exit status. */
export class Job {
  readonly order: JobOrder;
  readonly #machine: SlotMachine;
  readonly #ending = new AbortController();
  readonly #file: StateFile;
  #record: JobRecord;
  #startProblem: string | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(machine: SlotMachine, order: JobOrder, record: JobRecord) {
    this.#machine = machine;
    this.order = order;
    this.#record = record;
    this.#file = new StateFile(join(machine.settings.folders.job(order.key), 'record.json'));
  }

  static async read(machine: SlotMachine, order: JobOrder): Promise<Job> {
    const text = await readText(join(machine.settings.folders.job(order.key), 'record.json'));
    const lost: JobRecord = { deadline: 0, ending: null, outcome: { state: 'lost', exitCode: null, signal: null } };
    return new Job(machine, order, text === null ? lost : parseJobRecord(text));
  }

  get isOver(): boolean {
    return this.#record.outcome !== null;
  }

  get place(): AttemptPlace {
    const folder = this.#machine.settings.folders.job(this.order.key);
    return { folder, attempt: 1, marker: this.#machine.settings.folders.marker('job', this.order.key) };
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
    const tail = await lastTexts(this.#machine.settings.logFormat, attemptFolder(this.place), 20);
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
    } while (await pause(retryMs, this.#machine.settings.closing));
  }

  async #live(): Promise<void> {
    const attempt = await this.#machine.openJob(this.place, this.order);
    if (this.#record.ending !== null) this.#ending.abort();
    const state = await this.#begin(attempt);
    if (state.kind === 'running') await this.#watch(attempt);
    const { closing, jobGraceMs } = this.#machine.settings;
    if (closing.aborted) return;
    if (!(await attempt.end(this.#record.ending === null ? 0 : jobGraceMs, closing))) return;
    const last = await this.#look(attempt);
    await attempt.forget();
    await this.#finish(last);
  }

  /** How it stands, started if it never was and still should be. */
  async #begin(attempt: Attempt): Promise<RunState> {
    const state = await this.#look(attempt);
    if (state.kind !== 'unstarted' || this.#ending.signal.aborted) return state;
    const result = await attempt.start(null);
    if (result.kind === 'failed') throw new Error(`the job could not start: ${result.why}`);
    this.#startProblem = null;
    return await this.#look(attempt);
  }

  /** Nothing is decided on a job that cannot be seen. */
  async #look(attempt: Attempt): Promise<RunState> {
    const state = await attempt.look();
    if (state.kind !== 'unknown') return state;
    throw new LotseError('unreachable', state.why, { retriable: true });
  }

  /** Until it has ended, is cancelled, its time is up, or the target closes. */
  async #watch(attempt: Attempt): Promise<void> {
    const { closing, now } = this.#machine.settings;
    const watching = new AbortController();
    const signal = AbortSignal.any([closing, watching.signal]);
    const halted = untilAborted(AbortSignal.any([closing, this.#ending.signal]));
    const logs = attempt.tendLogs(() => undefined, signal).catch(() => undefined);
    const ended = attempt.ended(signal).then(() => 'ended' as const);
    const remainingMs = Math.min(longestTimerMs, Math.max(0, this.#record.deadline - now()));
    const overdue = pause(remainingMs, signal).then((waited) => (waited ? ('overdue' as const) : null));
    const what = await Promise.race([ended, overdue, halted.done]);
    watching.abort();
    halted.stop();
    await logs;
    if (what === 'overdue') await this.keep({ ending: 'overdue' });
  }

  /** The outcome is kept; secrets and the scratch folder are not needed any more, the output stays. */
  async #finish(state: RunState): Promise<void> {
    const exitStatus = state.kind === 'ended' ? state.exitStatus : null;
    await this.keep({ outcome: outcomeOf(exitStatus, this.#record.ending) });
    const order = formatOrder(this.#machine.settings.sealingKey, { ...this.order, variables: {} });
    await writeDurably(join(this.place.folder, 'order.json'), order);
    await rm(this.#machine.settings.folders.runOfJob(this.order, this.order.key), { recursive: true, force: true });
  }
}

/**
 * A job that was ended by Lotse has failed, whatever it said on its way out. Of one without an exit status nobody can say
 * how it ended, also where an engine that crashed has forgotten that it had started it.
 */
function outcomeOf(exitStatus: number | null, ending: JobRecord['ending']): JobOutcome {
  const signal = exitStatus === null ? null : signalOf(exitStatus);
  const exitCode = signal === null ? exitStatus : null;
  if (ending !== null) return { state: 'failed', exitCode, signal };
  if (exitStatus === null) return { state: 'lost', exitCode: null, signal: null };
  return { state: exitStatus === 0 ? 'succeeded' : 'failed', exitCode, signal };
}

function describeEnding(ending: JobRecord['ending'], withinMs: number): string | null {
  if (ending === 'cancelled') return 'Lotse: the job was cancelled.';
  if (ending === 'overdue') return `Lotse: the job was ended because it took longer than its ${withinMs / 1000} s.`;
  return null;
}
