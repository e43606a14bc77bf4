import type { Address } from '../../../core/routing-document.ts';
import type { Check } from '../../../rollout/release.ts';
import type { Health, HealthWatch, OwnCheck } from './health.ts';
import { pause } from './pause.ts';
import type { ProbeAnswer } from './probe.ts';
import { whyOf } from './probe.ts';

const tcp: Check = { kind: 'tcp' };

/** Where an instance was found ready. */
export interface Found {
  readonly address: Address;
  readonly fixedPort: number | null;
  /** It listens there instead of on PORT. */
  readonly elsewhere: boolean;
}

/** What is asked at its port. */
export function portCheckOf(watch: HealthWatch): Check {
  return watch.definition.ready ?? tcp;
}

/** The artifact's own check, where it counts. */
export function ownCheckOf(watch: HealthWatch): OwnCheck | null {
  return watch.definition.ready === null ? watch.surroundings.ownCheck : null;
}

/** From the first readiness on: a quiet look every two seconds, quick ones as soon as something is wrong. */
export async function watchReady(watch: HealthWatch, found: Found, signal: AbortSignal): Promise<string | null> {
  const { definition, timings, surroundings, report } = watch;
  const { address, fixedPort } = found;
  const note = found.elsewhere ? `It ignores PORT and listens on port ${address.port}.` : null;
  const ready: Health = { address, fixedPort, state: 'ready', note };
  report(ready);
  const readiness = new Readiness(watch, address);
  let liveFailures = 0;
  let delayMs = timings.steadyIntervalMs;
  while (await pause(delayMs, signal)) {
    const answer = await readiness.look();
    if (answer.kind === 'unseen') continue; // It is what it was.
    const why = answer.kind === 'ok' ? null : whyOf(answer);
    const live = definition.live === null ? null : await surroundings.ask(definition.live, address);
    if (signal.aborted) break;
    if (live?.kind === 'unseen') continue;
    liveFailures = live === null || live.kind === 'ok' ? 0 : liveFailures + 1;
    if (why === null) report(ready);
    else if (readiness.isSpent) report({ ...ready, state: 'unready', note: `Not ready any more: ${why}.` });
    if (live !== null && liveFailures >= timings.liveFailures) {
      return `liveness failed ${liveFailures} times: ${whyOf(live)}`;
    }
    // Liveness keeps its own slow beat while all else is well; it never restarts within a moment.
    delayMs = readiness.failures === 0 || liveFailures > 0 ? timings.steadyIntervalMs : timings.unreadyIntervalMs;
    if (liveFailures === 0 && readiness.failures > 40) delayMs = timings.steadyIntervalMs / 2;
  }
  return null;
}

/** Two questions with a beat each: the port's at every look, the artifact's own check at its own interval. */
class Readiness {
  readonly #watch: HealthWatch;
  readonly #address: Address;
  readonly #own: OwnCheck | null;
  #ownAskedAt = performance.now();
  #ownAnswer: ProbeAnswer = { kind: 'ok' };
  #ownFailures = 0;
  failures = 0;

  constructor(watch: HealthWatch, address: Address) {
    this.#watch = watch;
    this.#address = address;
    this.#own = ownCheckOf(watch);
  }

  /** It has failed so often that it is unready. */
  get isSpent(): boolean {
    return this.failures >= this.#watch.timings.readyFailures;
  }

  /** `ok`: all is well, or not yet bad enough to say otherwise. */
  async look(): Promise<ProbeAnswer> {
    const { timings, surroundings } = this.#watch;
    const port = await surroundings.ask(portCheckOf(this.#watch), this.#address);
    if (port.kind === 'unseen') return port;
    await this.#lookAtOwn();
    const ownIsSpent = this.#own !== null && this.#ownFailures >= this.#own.failures;
    const answer = port.kind === 'ok' && ownIsSpent ? this.#ownAnswer : port;
    this.failures = answer.kind === 'ok' ? 0 : this.failures + 1;
    if (ownIsSpent) this.failures = Math.max(this.failures, timings.readyFailures);
    return answer;
  }

  async #lookAtOwn(): Promise<void> {
    if (this.#own === null) return;
    const intervalMs = this.#ownFailures === 0 ? this.#own.steadyIntervalMs : this.#own.bootIntervalMs;
    if (performance.now() - this.#ownAskedAt < intervalMs) return;
    const answer = await this.#own.ask();
    this.#ownAskedAt = performance.now();
    if (answer.kind === 'unseen') return;
    this.#ownFailures = answer.kind === 'ok' ? 0 : this.#ownFailures + 1;
    this.#ownAnswer = answer;
  }
}
