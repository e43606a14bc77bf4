import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutView } from '../../src/capabilities/releases/releases-api.ts';
import type { ControlPlane } from '../../src/cli/control-plane.ts';
import { quantile } from '../quantile.ts';
import type { Kind } from './troubles.ts';
import type { Visit, Visitors } from './visitors.ts';

const pollMs = 20;
const patienceMs = 600_000;

/** What one canary cost its users. */
export interface MeasuredCanary {
  readonly kind: string;
  readonly status: string;
  readonly cause: string | null;
  readonly message: string | null;
  /** From the first share until users were sent back, or the rollout had settled, in milliseconds. */
  readonly tookMs: number;
  readonly requests: number;
  /** Of requests that had ended when it turned back. */
  readonly failures: number;
  /** Of requests that were under way when it turned back. */
  readonly failuresInFlight: number;
  readonly p99Ms: number | null;
}

/** Deploys a release while visitors come, and waits for the end of its rollout. */
export async function measureCanary(
  plane: ControlPlane,
  visitors: Visitors,
  kind: Kind,
  release: string,
): Promise<MeasuredCanary> {
  const beganMs = performance.now();
  const { id } = await plane.startRollout('production', { release });
  let turnedMs: number | null = null;
  let view = await plane.rollout(id);
  const deadline = performance.now() + patienceMs;
  while (view.endedAt === null) {
    if (performance.now() > deadline) throw new Error(`${id} is still ${view.status}`);
    await sleep(pollMs);
    view = await plane.rollout(id);
    if (view.status === 'returning' || view.status === 'returned') turnedMs ??= performance.now();
  }
  // What was under way has its time to fail.
  await sleep(500);
  while (visitors.open > 200) await sleep(pollMs);
  const visits = visitors.since(beganMs);
  const failed = visits.filter((visit) => visit.failure !== null);
  const isInFlight = ({ sentMs, tookMs }: Visit) =>
    turnedMs !== null && sentMs < turnedMs && sentMs + tookMs > turnedMs;
  return {
    kind: kind.name,
    status: view.status,
    cause: view.cause?.kind ?? null,
    message: view.cause?.message ?? null,
    tookMs: performance.timeOrigin + (turnedMs ?? performance.now()) - firstShareAt(view),
    requests: visits.length,
    failures: failed.filter((visit) => !isInFlight(visit)).length,
    failuresInFlight: failed.filter(isInFlight).length,
    p99Ms: quantile(
      visits.map((visit) => visit.tookMs),
      0.99,
    ),
  };
}

function firstShareAt(view: RolloutView): number {
  const share = view.steps.find((step) => step.phase === 'shift' && step.startedAt !== null);
  return share?.startedAt ?? view.startedAt;
}
