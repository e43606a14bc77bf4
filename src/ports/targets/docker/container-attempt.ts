import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LotseError, toLotseError } from '../../../core/errors.ts';
import type { Address } from '../../../core/routing-document.ts';
import type { ContainerDetails, HealthCheck } from '../../../docker-engine/engine-shapes.ts';
import type { AttemptPlace } from '../slots/attempt-place.ts';
import { attemptFolder } from '../slots/attempt-place.ts';
import type { Attempt, Run, RunState, StartResult } from '../slots/instance.ts';
import { pause } from '../slots/pause.ts';
import { makeFolder, readText, writeDurably } from '../slots/state-files.ts';
import { ContainerLog } from './container-log.ts';
import type { ContainerIdentity } from './container-names.ts';
import { stateLabel } from './container-names.ts';
import type { PreparedContainer } from './container-spec.ts';
import type { DockerMachine } from './docker-machine.ts';
import { isFailure, isOutOfSight } from './engine-sight.ts';

const lookTimeoutMs = 10_000;
const createTimeoutMs = 60_000;
/** A start has no deadline: of one that was given up nobody could say whether it still happens. */
const startTimeoutMs = 2 ** 31 - 1;
const startPatienceMs = 30_000;
const engineRetryMs = 500;
/** A wait that has said nothing for so long may have been forgotten, by the engine or on the way to it. */
const waitAgainMs = 30_000;

export interface ContainerParts {
  readonly machine: DockerMachine;
  readonly place: AttemptPlace;
  readonly identity: ContainerIdentity;
  /** Whose secrets lie in memory: taken away after its end. Missing: it has none there. */
  readonly secrets?: string;
  /** Prepared only when it is really made. The one place where secrets are revealed. */
  readonly prepare: (address: Address | null) => Promise<PreparedContainer>;
}

/**
 * One attempt of a slot or job: a container of that name. What must not be forgotten when somebody takes the container
 * away lies in the attempt's folder: `made` (it is there, and may be started), `exit` (its exit status).
 */
export class ContainerAttempt implements Attempt {
  protected readonly machine: DockerMachine;
  protected readonly folder: string;
  protected readonly identity: ContainerIdentity;
  readonly #prepare: ContainerParts['prepare'];
  readonly #secrets: string | null;
  #run: (Run & { readonly pid: number | null }) | null = null;
  #starting: Promise<Error | null> | null = null;
  #log: Promise<ContainerLog> | null = null;

  constructor(parts: ContainerParts) {
    this.machine = parts.machine;
    this.folder = attemptFolder(parts.place);
    this.identity = parts.identity;
    this.#prepare = parts.prepare;
    this.#secrets = parts.secrets ?? null;
  }

  get run(): Run | null {
    return this.#run;
  }

  async look(): Promise<RunState> {
    const seen = await this.machine.sight.tryToSee(() => this.inspect());
    if (seen === null) return { kind: 'unknown', why: this.machine.sight.problem ?? 'Docker does not answer.' };
    const { details } = seen;
    if (details === null) return await this.#lookAtFiles();
    const { State } = details;
    if (State.Status === 'created') return { kind: 'unstarted' };
    this.#run = {
      pid: this.machine.isLocal && State.Pid > 0 ? State.Pid : null,
      startedAt: Date.parse(State.StartedAt),
    };
    if (State.Running) {
      this.sawEngineBreak = false; // An engine that ends containers does it before it answers again.
      return { kind: 'running', run: this.#run };
    }
    return { kind: 'ended', run: this.#run, exitStatus: await this.exitStatusOf(details) };
  }

  async start(address: Address | null): Promise<StartResult> {
    await makeFolder(this.folder, 0o700);
    if (this.#starting === null) {
      const { check } = await this.#make(address);
      await writeDurably(join(this.folder, 'made'), `${JSON.stringify({ container: this.identity.name, check })}\n`);
      this.#starting = this.machine.engine.containers.start(this.identity.name, { timeoutMs: startTimeoutMs }).then(
        () => null,
        (error: unknown) => toLotseError(error),
      );
    }
    const failure = await within(this.#starting, startPatienceMs);
    if (failure === 'late') return { kind: 'failed', why: 'Docker has not answered its start yet' };
    this.#starting = null;
    if (failure === null) {
      await this.look();
      return { kind: 'started' };
    }
    if (!isOutOfSight(failure)) await this.#unmake();
    throw failure;
  }

  async ended(signal: AbortSignal): Promise<void> {
    do {
      const state = await this.look().catch(() => null);
      if (state?.kind === 'unstarted' || state?.kind === 'ended') return;
      if (state?.kind === 'running' && (await this.#waitForEnd(signal))) return;
    } while (await pause(engineRetryMs, signal));
  }

  async end(graceMs: number, signal: AbortSignal): Promise<boolean> {
    const { details } = await this.inspect();
    if (details === null || !details.State.Running) return true;
    if (graceMs > 0) {
      await this.#send(details.Config.StopSignal ?? 'SIGTERM');
      const grace = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(graceMs))]);
      await this.#untilEnded(grace);
      if (signal.aborted) return false;
    }
    for (;;) {
      const { details: left } = await this.inspect();
      if (left === null || !left.State.Running) return true;
      await this.#send('SIGKILL');
      const aMoment = AbortSignal.any([signal, AbortSignal.timeout(1000)]);
      await this.#untilEnded(aMoment);
      if (signal.aborted) return false;
    }
  }

  async tendLogs(onNew: (text: string) => void, signal: AbortSignal): Promise<void> {
    const log = await this.log();
    this.machine.openLogs.set(this.folder, log);
    await log.follow(onNew, signal);
    this.machine.openLogs.delete(this.folder);
  }

  async forget(): Promise<void> {
    if (this.#secrets !== null) await this.machine.secretFiles.remove(this.#secrets);
    const { details } = await this.inspect();
    if (details === null) return;
    await this.keepRest(details);
    await this.machine.engine.containers.remove(details.Id, { force: true }).catch((error: unknown) => {
      // Somebody else takes it away, or has.
      if (!isFailure(error, 'not-found') && !isFailure(error, 'conflict')) throw error;
    });
  }

  /** The engine was away since this was last seen running: what ended meanwhile may have ended with it. */
  protected sawEngineBreak = false;

  /** Null: there is no such container. Errors: `unreachable`, `timeout`. */
  protected async inspect(): Promise<{ readonly details: ContainerDetails | null }> {
    try {
      const { containers } = this.machine.engine;
      return { details: await containers.inspect(this.identity.name, { timeoutMs: lookTimeoutMs }) };
    } catch (error) {
      if (isFailure(error, 'not-found')) return { details: null };
      this.sawEngineBreak ||= isOutOfSight(error);
      throw error;
    }
  }

  /** Its exit status and the last of its output, before the container goes. */
  protected async keepRest(details: ContainerDetails): Promise<void> {
    if (details.State.Status === 'created') return;
    const exitStatus = await this.exitStatusOf(details);
    if (exitStatus !== null) await writeDurably(join(this.folder, 'exit'), `${exitStatus}\n`);
    await (await this.log()).catchUp(true);
  }

  /** Null: it says nothing about the program. Errors: `unreachable`, `timeout`. */
  protected async exitStatusOf(details: ContainerDetails): Promise<number | null> {
    return details.State.ExitCode;
  }

  /** The image's own check, kept since the start: it is known also while the engine cannot be asked. */
  protected async imageCheck(): Promise<HealthCheck | null> {
    const text = await readText(join(this.folder, 'made'));
    return text === null ? null : parseMade(text).check;
  }

  protected async log(): Promise<ContainerLog> {
    const { engine, logs } = this.machine;
    const opened = this.#log ?? ContainerLog.open(engine, this.identity.name, this.folder, logs);
    this.#log = opened;
    try {
      return await opened;
    } catch (error) {
      this.#log = null;
      throw error;
    }
  }

  /** The container is not there: it never was, or it was taken away. */
  async #lookAtFiles(): Promise<RunState> {
    const [made, exit] = await Promise.all([readText(join(this.folder, 'made')), readText(join(this.folder, 'exit'))]);
    if (made === null) return { kind: 'unstarted' };
    return { kind: 'ended', run: this.#run, exitStatus: exit === null ? null : Number(exit) };
  }

  /** One that is there already was made by a control plane that died before its start. */
  async #make(address: Address | null): Promise<PreparedContainer> {
    const prepared = await this.#prepare(address);
    const { spec } = prepared;
    const { containers } = this.machine.engine;
    try {
      await containers.create(this.identity.name, spec, { timeoutMs: createTimeoutMs });
    } catch (error) {
      if (!isFailure(error, 'conflict')) throw error;
      const { details } = await this.inspect();
      if (details === null || details.Config.Labels[stateLabel] !== this.machine.id) {
        throw new LotseError(
          'conflict',
          `The name ${this.identity.name} is taken by a container that is not Lotse's.`,
          {
            hint: 'Remove or rename that container.',
            retriable: true,
            cause: error,
          },
        );
      }
      if (!hasAddress(details, address)) {
        await containers.remove(details.Id);
        await containers.create(this.identity.name, spec, { timeoutMs: createTimeoutMs });
      }
    }
    await prepared.fill(this.identity.name);
    return prepared;
  }

  /** After a start that the engine refused: nothing of it runs, and it may be made again. */
  async #unmake(): Promise<void> {
    const { details } = await this.inspect();
    if (details?.State.Status !== 'created') return;
    await rm(join(this.folder, 'made'), { force: true });
    await this.machine.engine.containers.remove(details.Id);
  }

  /** False: the engine did not tell. */
  async #waitForEnd(signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.timeout(waitAgainMs);
    try {
      await this.machine.engine.containers.wait(this.identity.name, { signal: AbortSignal.any([signal, limit]) });
      return true;
    } catch (error) {
      if (!limit.aborted) this.sawEngineBreak ||= isOutOfSight(error);
      return false;
    }
  }

  async #send(name: string): Promise<void> {
    await this.machine.engine.containers.kill(this.identity.name, name).catch((error: unknown) => {
      // It has ended in the meantime.
      if (!isFailure(error, 'conflict') && !isFailure(error, 'not-found')) throw error;
    });
  }

  async #untilEnded(signal: AbortSignal): Promise<void> {
    await this.machine.engine.containers.wait(this.identity.name, { signal }).catch(async (error: unknown) => {
      if (signal.aborted || isFailure(error, 'not-found')) return;
      throw error;
    });
  }
}

function parseMade(text: string): { readonly check: HealthCheck | null } {
  return JSON.parse(text) as { readonly check: HealthCheck | null }; // parsed: written by this file only
}

function hasAddress(details: ContainerDetails, address: Address | null): boolean {
  const given = Object.values(details.NetworkSettings.Networks).map((endpoint) => endpoint.IPAMConfig?.IPv4Address);
  return address === null || given.includes(address.host);
}

/** `late` when the time is over before it resolves. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | 'late'> {
  const done = new AbortController();
  const timer = pause(ms, done.signal).then(() => 'late' as const);
  const result = await Promise.race([work, timer]);
  done.abort();
  return result;
}
