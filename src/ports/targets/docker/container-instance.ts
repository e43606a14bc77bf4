import type { Address } from '../../../core/routing-document.ts';
import type { ContainerDetails } from '../../../docker-engine/engine-shapes.ts';
import type { ServiceOrder } from '../targets.ts';
import { describeKilledAtLimit, describeOutOfMemory, describeStatus } from '../slots/exit-status.ts';
import type { EntryOrder, Session } from '../session.ts';
import type { Health, OwnCheck, Surroundings, Whereabouts } from '../slots/health.ts';
import type { End, Instance } from '../slots/instance.ts';
import { pause } from '../slots/pause.ts';
import type { ProbeAnswer } from '../slots/probe.ts';
import { lastTexts } from '../slots/read-logs.ts';
import { readTakenPort } from '../slots/taken-port.ts';
import { watchHealth } from '../slots/watch-health.ts';
import type { ContainerParts } from './container-attempt.ts';
import { ContainerAttempt } from './container-attempt.ts';
import { askContainer, findInContainer } from './container-listeners.ts';
import { ContainerMemory } from './container-memory.ts';
import { enterContainer } from './enter-container.ts';
import { imageCheck } from './image-check.ts';
import { containerLogs } from './kept-lines.ts';

const unseenMs = 500;
/** Asking a container costs a process in it. */
const listenersAgeMs = 2000;
const lastWordsLines = 20;
/** How programs end when something tells them to: by themselves, SIGKILL, SIGTERM. */
const endedWhenTold: ReadonlySet<number> = new Set([0, 137, 143]);

/** One attempt of a slot: a container that is probed at its address. */
export class ContainerInstance extends ContainerAttempt implements Instance {
  readonly attempt: number;
  readonly #order: ServiceOrder;
  readonly #memory: ContainerMemory;
  #listenersAskedAt = -Infinity;

  constructor(parts: ContainerParts, order: ServiceOrder) {
    super(parts);
    this.attempt = parts.place.attempt;
    this.#order = order;
    this.#memory = new ContainerMemory(this.machine.engine, this.identity.name);
  }

  async sick(given: Address | null, report: (health: Health) => void, signal: AbortSignal): Promise<string | null> {
    // The engine cannot be asked and there is no address: nothing is known until it can.
    while (this.run === null && given === null) if (!(await pause(unseenMs, signal))) return null;
    const watch = {
      definition: this.#order.definition,
      given,
      surroundings: await this.#surroundings(given),
      runningForMs: Math.max(0, this.machine.now() - (this.run?.startedAt ?? this.machine.now())),
      timings: this.machine.timings,
      report,
    };
    return await watchHealth(watch, signal);
  }

  async enter(order: EntryOrder): Promise<Session> {
    return await enterContainer(this.machine, this.identity.name, order);
  }

  async describeEnd(): Promise<End> {
    const { details } = await this.inspect();
    if (details === null) {
      return { how: 'is gone: somebody has taken its container away', byPlatform: false };
    }
    const { OOMKilled, ExitCode, Error: problem } = details.State;
    const { memoryBytes } = this.#order.definition;
    const isKilled = ExitCode === 137;
    if (isKilled && OOMKilled) return { how: describeOutOfMemory(memoryBytes), byPlatform: false };
    if (await this.#endedWithEngine(details)) {
      return { how: 'was ended together with the Docker engine, which was restarted', byPlatform: true };
    }
    // On a busy machine the engine misses now and then why the kernel killed.
    if (isKilled && memoryBytes !== null) return { how: describeKilledAtLimit(memoryBytes), byPlatform: false };
    const why = problem === '' ? await this.#portTrouble() : ` (${problem})`;
    return { how: `${describeStatus(ExitCode)}${why}`, byPlatform: false };
  }

  async memoryBytes(): Promise<number | null> {
    return this.run === null ? null : this.#memory.latest(this.run.pid);
  }

  /**
   * A restart of the engine ends all containers (unless it runs with live-restore): first it answers nobody any more, then
   * it tells them to end.
   */
  async #endedWithEngine(details: ContainerDetails): Promise<boolean> {
    if (!endedWhenTold.has(details.State.ExitCode)) return false;
    this.sawEngineBreak ||= !(await this.machine.sight.isOpen());
    return this.sawEngineBreak;
  }

  /** Ports are the container's own, so only its own programs can be in each other's way. */
  async #portTrouble(): Promise<string> {
    await (await this.log()).catchUp(false).catch(() => undefined);
    const port = readTakenPort(await lastTexts(containerLogs, this.folder, lastWordsLines));
    if (port === null) return '';
    const which = port === 0 ? 'a port' : `port ${port}`;
    return `; ${which} was in use inside its container: two programs of the image want it, give each a port of its own`;
  }

  async #surroundings(given: Address | null): Promise<Surroundings> {
    const { ask } = this.machine;
    let answers = false;
    return {
      ownCheck: await this.#ownCheck(),
      askGiven: async (check) => {
        const answer: ProbeAnswer = given === null ? { kind: 'refused' } : await ask(check, given);
        answers = answer.kind === 'ok';
        return answer;
      },
      ask,
      find: () => this.#find(given, answers),
    };
  }

  /** Nobody else has the address: on another machine, where looking costs more, what answers there is ours. */
  async #find(given: Address | null, answers: boolean): Promise<Whereabouts> {
    if (given === null) return { kind: 'nowhere' };
    const { isLocal, engine } = this.machine;
    const pid = this.run?.pid ?? null;
    if (isLocal && pid !== null) return await findInContainer(pid, given.host, given.port);
    if (isLocal || answers) return { kind: 'given', address: given };
    if (performance.now() - this.#listenersAskedAt < listenersAgeMs) return { kind: 'nowhere' };
    this.#listenersAskedAt = performance.now();
    return await askContainer(engine, this.identity.name, given);
  }

  async #ownCheck(): Promise<OwnCheck | null> {
    const check = this.#order.definition.ready === null ? await this.imageCheck() : null;
    return check === null ? null : imageCheck(this.machine.engine, this.identity.name, check);
  }
}
