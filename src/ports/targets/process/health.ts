import type { Address } from '../../../core/routing-document.ts';
import type { Check, ServiceDefinition } from '../../../rollout/release.ts';
import type { GroupToEnd } from './end-group.ts';
import type { Whereabouts } from './find-address.ts';
import { findAddress } from './find-address.ts';
import type { Host } from './host.ts';
import { pause } from './pause.ts';
import type { ProbeAnswer } from './probe.ts';
import { probe } from './probe.ts';

/** What probes show of a running attempt. */
export interface Health {
  readonly state: 'starting' | 'ready' | 'unready';
  readonly address: Address | null;
  readonly fixedPort: number | null;
  readonly note: string | null;
}

export interface ProbeTimings {
  /** While it boots: a refused connection on loopback costs about 0.1 ms, so looks may be frequent. */
  readonly bootIntervalMs: number;
  readonly bootFastForMs: number;
  readonly bootSlowestMs: number;
  readonly steadyIntervalMs: number;
  readonly unreadyIntervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make it unready, or restart it. */
  readonly readyFailures: number;
  readonly liveFailures: number;
  /** A worker without a check counts as ready after it has run so long. */
  readonly workerSettleMs: number;
  /** A service that listens elsewhere may still open PORT: it gets so long. */
  readonly elsewhereAfterMs: number;
}

export const defaultProbeTimings: ProbeTimings = {
  bootIntervalMs: 20,
  bootFastForMs: 20_000,
  bootSlowestMs: 250,
  steadyIntervalMs: 2000,
  unreadyIntervalMs: 250,
  timeoutMs: 3000,
  readyFailures: 2,
  liveFailures: 3,
  workerSettleMs: 1000,
  elsewhereAfterMs: 3000,
};

export interface HealthWatch {
  readonly host: Host;
  readonly group: GroupToEnd;
  readonly definition: ServiceDefinition;
  /** The value of PORT; null for a worker. */
  readonly port: number | null;
  /** How long the attempt has been running. */
  readonly runningForMs: number;
  readonly timings: ProbeTimings;
  readonly report: (health: Health) => void;
}

const tcp: Check = { kind: 'tcp' };
const booting: Health = { state: 'starting', address: null, fixedPort: null, note: null };

/** Watches until the signal comes (null), or liveness has failed too often (why). */
export async function watchHealth(watch: HealthWatch, signal: AbortSignal): Promise<string | null> {
  watch.report(booting);
  if (watch.port === null) return await watchWorker(watch, signal);
  const found = await bootUntilReady(watch, watch.port, signal);
  if (found === null) return null;
  return await watchReady(watch, found, signal);
}

async function watchWorker(watch: HealthWatch, signal: AbortSignal): Promise<null> {
  await pause(Math.max(0, watch.timings.workerSettleMs - watch.runningForMs), signal);
  if (!signal.aborted) watch.report({ ...booting, state: 'ready' });
  while (!signal.aborted) await pause(3_600_000, signal);
  return null;
}

interface Found {
  readonly address: Address;
  readonly fixedPort: number | null;
}

/** Asks the given port quickly; where nothing accepts, looks twice a second where the processes really listen. */
async function bootUntilReady(watch: HealthWatch, port: number, signal: AbortSignal): Promise<Found | null> {
  const { timings } = watch;
  const begun = performance.now();
  const search = new Search(watch, port);
  let delayMs = timings.bootIntervalMs;
  while (!signal.aborted) {
    const answer = await probeLoopback(watch, port);
    const found = answer.kind === 'refused' ? await search.elsewhere() : await search.confirm(answer);
    if (signal.aborted) break;
    if (found !== null) return found;
    if (performance.now() - begun > timings.bootFastForMs) delayMs = Math.min(timings.bootSlowestMs, delayMs * 1.2);
    await pause(delayMs, signal);
  }
  return null;
}

/** 127.0.0.1 first; ::1 for programs that listen on `localhost` where that is IPv6. */
async function probeLoopback(watch: HealthWatch, port: number): Promise<ProbeAnswer> {
  const check = watch.definition.ready ?? tcp;
  const answer = await probe(check, { host: '127.0.0.1', port }, watch.timings.timeoutMs);
  if (answer.kind !== 'refused') return answer;
  return await probe(check, { host: '::1', port }, watch.timings.timeoutMs);
}

class Search {
  readonly #watch: HealthWatch;
  readonly #port: number;
  #lookedAt = performance.now();
  #elsewhereSince: { readonly port: number; readonly at: number } | null = null;

  constructor(watch: HealthWatch, port: number) {
    this.#watch = watch;
    this.#port = port;
  }

  /** Something answers on the given port: it counts only when it is ours. */
  async confirm(answer: ProbeAnswer): Promise<Found | null> {
    if (answer.kind === 'bad') {
      this.#watch.report({ ...booting, note: `Not ready yet: ${answer.why}.` });
      return null;
    }
    const where = await this.#look();
    if (where.kind === 'given') return { address: where.address, fixedPort: null };
    if (where.kind === 'taken') return this.#reportTaken(where.holder);
    return null;
  }

  async elsewhere(): Promise<Found | null> {
    if (performance.now() - this.#lookedAt < 500) return null;
    const where = await this.#look();
    this.#lookedAt = performance.now();
    if (where.kind === 'taken') return this.#reportTaken(where.holder);
    if (where.kind === 'given') {
      const answer = await probe(this.#watch.definition.ready ?? tcp, where.address, this.#watch.timings.timeoutMs);
      return answer.kind === 'ok' ? { address: where.address, fixedPort: null } : null;
    }
    if (where.kind === 'nowhere') return null;
    return await this.#settleElsewhere(where.address);
  }

  /** A debugger's port or a metrics port may open first: only the declared port counts at once. */
  async #settleElsewhere(address: Address): Promise<Found | null> {
    const { definition, timings, report } = this.#watch;
    if (this.#elsewhereSince?.port !== address.port) {
      this.#elsewhereSince = { port: address.port, at: performance.now() };
    }
    const long = performance.now() - this.#elsewhereSince.at >= timings.elsewhereAfterMs;
    if (!long && address.port !== definition.port) return null;
    const answer = await probe(definition.ready ?? tcp, address, timings.timeoutMs);
    if (answer.kind === 'ok') return { address, fixedPort: address.port };
    const why = answer.kind === 'bad' ? answer.why : 'the connection was refused';
    report({ ...booting, note: `It listens on port ${address.port} instead of PORT, and is not ready: ${why}.` });
    return null;
  }

  #look(): Promise<Whereabouts> {
    return findAddress(this.#watch.host, this.#watch.group, this.#port, this.#watch.definition.port);
  }

  #reportTaken(holder: string): null {
    this.#watch.report({ ...booting, note: `Port ${this.#port} is held by ${holder}.` });
    return null;
  }
}

/** From the first readiness on: a quiet look every two seconds, quick ones as soon as something is wrong. */
async function watchReady(watch: HealthWatch, found: Found, signal: AbortSignal): Promise<string | null> {
  const { definition, timings, report } = watch;
  const fixedNote = `It ignores PORT and listens on port ${found.fixedPort}.`;
  const ready: Health = { ...found, state: 'ready', note: found.fixedPort === null ? null : fixedNote };
  report(ready);
  let readyFailures = 0;
  let liveFailures = 0;
  let delayMs = timings.steadyIntervalMs;
  while (await pause(delayMs, signal)) {
    const answer = await probe(definition.ready ?? tcp, found.address, timings.timeoutMs);
    const live = definition.live === null ? null : await probe(definition.live, found.address, timings.timeoutMs);
    if (signal.aborted) break;
    readyFailures = answer.kind === 'ok' ? 0 : readyFailures + 1;
    liveFailures = live === null || live.kind === 'ok' ? 0 : liveFailures + 1;
    if (readyFailures === 0) report(ready);
    if (readyFailures >= timings.readyFailures) {
      report({ ...found, state: 'unready', note: `Not ready any more: ${whyOf(answer)}.` });
    }
    if (live !== null && liveFailures >= timings.liveFailures) {
      return `liveness failed ${liveFailures} times: ${whyOf(live)}`;
    }
    // Liveness keeps its own slow beat while all else is well; it never restarts within a moment.
    delayMs = readyFailures === 0 || liveFailures > 0 ? timings.steadyIntervalMs : timings.unreadyIntervalMs;
    if (liveFailures === 0 && readyFailures > 40) delayMs = timings.steadyIntervalMs / 2;
  }
  return null;
}

function whyOf(answer: ProbeAnswer): string {
  return answer.kind === 'bad' ? answer.why : 'it refuses connections';
}
