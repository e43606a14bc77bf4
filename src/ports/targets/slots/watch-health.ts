import type { Address } from '../../../core/routing-document.ts';
import type { Health, HealthWatch, OwnCheck } from './health.ts';
import { pause } from './pause.ts';
import type { ProbeAnswer } from './probe.ts';
import { whyOf } from './probe.ts';
import type { Found } from './watch-ready.ts';
import { ownCheckOf, portCheckOf, watchReady } from './watch-ready.ts';

const booting: Health = { state: 'starting', address: null, fixedPort: null, note: null };

/** Watches until the signal comes (null), or liveness has failed too often (why). */
export async function watchHealth(watch: HealthWatch, signal: AbortSignal): Promise<string | null> {
  watch.report(booting);
  if (watch.given === null) return await watchWorker(watch, signal);
  const found = await bootUntilReady(watch, signal);
  if (found === null) return null;
  return await watchReady(watch, found, signal);
}

async function watchWorker(watch: HealthWatch, signal: AbortSignal): Promise<null> {
  const { ownCheck } = watch.surroundings;
  if (ownCheck !== null) return await watchWorkerCheck(watch, ownCheck, signal);
  await pause(Math.max(0, watch.timings.workerSettleMs - watch.runningForMs), signal);
  if (!signal.aborted) watch.report({ ...booting, state: 'ready' });
  while (!signal.aborted) await pause(3_600_000, signal);
  return null;
}

async function watchWorkerCheck(watch: HealthWatch, check: OwnCheck, signal: AbortSignal): Promise<null> {
  let wasReady = false;
  let failures = 0;
  do {
    const answer = await check.ask();
    if (answer.kind === 'unseen') continue;
    failures = answer.kind === 'ok' ? 0 : failures + 1;
    if (signal.aborted) break;
    if (answer.kind === 'ok') watch.report({ ...booting, state: 'ready' });
    else if (!wasReady) watch.report({ ...booting, note: `Not ready yet: ${whyOf(answer)}.` });
    else if (failures >= check.failures) {
      watch.report({ ...booting, state: 'unready', note: `Not ready any more: ${whyOf(answer)}.` });
    }
    wasReady ||= answer.kind === 'ok';
  } while (await pause(wasReady && failures === 0 ? check.steadyIntervalMs : check.bootIntervalMs, signal));
  return null;
}

/** Asks the given port quickly; where nothing accepts, looks twice a second where the instance really listens. */
async function bootUntilReady(watch: HealthWatch, signal: AbortSignal): Promise<Found | null> {
  const { timings, surroundings } = watch;
  const begun = performance.now();
  const search = new Search(watch);
  let delayMs = timings.bootIntervalMs;
  while (!signal.aborted) {
    const answer = await surroundings.askGiven(portCheckOf(watch));
    const found = answer.kind === 'refused' ? await search.elsewhere() : await search.confirm(answer);
    if (signal.aborted) break;
    if (found !== null && (await search.passesOwnCheck())) return found;
    if (performance.now() - begun > timings.bootFastForMs) delayMs = Math.min(timings.bootSlowestMs, delayMs * 1.2);
    await pause(found === null ? delayMs : (surroundings.ownCheck?.bootIntervalMs ?? delayMs), signal);
  }
  return null;
}

class Search {
  readonly #watch: HealthWatch;
  #lookedAt = performance.now();
  #elsewhereSince: { readonly port: number; readonly at: number } | null = null;

  constructor(watch: HealthWatch) {
    this.#watch = watch;
  }

  /** Something answers on the given port: it counts only when it is ours. */
  async confirm(answer: ProbeAnswer): Promise<Found | null> {
    if (answer.kind === 'bad' || answer.kind === 'unseen') {
      const state = answer.kind === 'bad' ? 'Not ready yet' : 'It cannot be asked';
      this.#watch.report({ ...booting, note: `${state}: ${answer.why.replace(/\.$/, '')}.` });
      return null;
    }
    const where = await this.#watch.surroundings.find();
    if (where.kind === 'given') return asGiven(where.address);
    if (where.kind === 'blocked') this.#watch.report({ ...booting, note: where.why });
    return null;
  }

  async elsewhere(): Promise<Found | null> {
    if (performance.now() - this.#lookedAt < 500) return null;
    const where = await this.#watch.surroundings.find();
    this.#lookedAt = performance.now();
    switch (where.kind) {
      case 'nowhere':
        return null;
      case 'blocked':
        this.#watch.report({ ...booting, note: where.why });
        return null;
      case 'given': {
        const answer = await this.#watch.surroundings.ask(portCheckOf(this.#watch), where.address);
        return answer.kind === 'ok' ? asGiven(where.address) : null;
      }
      case 'elsewhere':
        return await this.#settleElsewhere(where.address, where.isFixed);
    }
  }

  /** The check that the artifact brings along has the last word. */
  async passesOwnCheck(): Promise<boolean> {
    const answer = (await ownCheckOf(this.#watch)?.ask()) ?? ({ kind: 'ok' } as const);
    if (answer.kind === 'unseen') return false;
    if (answer.kind !== 'ok') this.#watch.report({ ...booting, note: `Not ready yet: ${whyOf(answer)}.` });
    return answer.kind === 'ok';
  }

  /** A debugger's port or a metrics port may open first: only the declared port counts at once. */
  async #settleElsewhere(address: Address, isFixed: boolean): Promise<Found | null> {
    const { definition, timings, surroundings, report } = this.#watch;
    if (this.#elsewhereSince?.port !== address.port) {
      this.#elsewhereSince = { port: address.port, at: performance.now() };
    }
    const long = performance.now() - this.#elsewhereSince.at >= timings.elsewhereAfterMs;
    if (!long && address.port !== definition.port) return null;
    const answer = await surroundings.ask(portCheckOf(this.#watch), address);
    if (answer.kind === 'unseen') return null;
    if (answer.kind === 'ok') return { address, fixedPort: isFixed ? address.port : null, elsewhere: true };
    const why = answer.kind === 'bad' ? answer.why : 'the connection was refused';
    report({ ...booting, note: `It listens on port ${address.port} instead of PORT, and is not ready: ${why}.` });
    return null;
  }
}

function asGiven(address: Address): Found {
  return { address, fixedPort: null, elsewhere: false };
}
