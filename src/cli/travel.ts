import { setTimeout as sleep } from 'node:timers/promises';
import type { EnvironmentViewModel, ReleaseView, RolloutView } from '../capabilities/releases/releases-api.ts';
import { LotseError } from '../core/errors.ts';
import type { ControlPlane } from './control-plane.ts';
import { exitInterrupted, exitOk } from './exit-codes.ts';
import { followRollout, type Followed } from './follow-rollout.ts';
import type { Output } from './output.ts';
import { liveLine, reportStanding, sayBack } from './report-standing.ts';
import {
  exitCodeOfStanding,
  hasEnded,
  publicVerification,
  standingOf,
  type Standing,
  type Until,
} from './rollout-standing.ts';

export interface Journey {
  readonly plane: ControlPlane;
  readonly out: Output;
  readonly release: ReleaseView;
  /** In the order of promotion; the last one is where it is wanted. */
  readonly route: readonly string[];
  readonly reason?: string;
  readonly until: Until;
  readonly waits: boolean;
  readonly signal: AbortSignal;
  readonly gateGraceMs?: number;
  /** Whoever leaves stops everything anyway: it need not be said that the rollout goes on. */
  readonly leavesSilently?: boolean;
}

/** How one environment of a journey stands at its end. */
export interface Stop {
  readonly environment: string;
  readonly standing: Standing['kind'];
  readonly isVerified: boolean;
  readonly rollout: RolloutView | null;
  readonly addresses: readonly string[];
}

export interface Arrival {
  readonly exitCode: number;
  readonly stops: readonly Stop[];
}

/** A release goes from environment to environment; it stops at the first one that does not take it. */
export async function travel(journey: Journey): Promise<Arrival> {
  const stops: Stop[] = [];
  for (const environment of journey.route) {
    const isLast = environment === journey.route.at(-1);
    if (stops.length > 0) journey.out.line();
    const followed = await arrive(journey, environment, isLast ? journey.until : 'live');
    stops.push(followed.stop);
    if (followed.exitCode !== exitOk) return { exitCode: followed.exitCode, stops };
    if (!isLast) await waitForEvidence(journey, environment);
  }
  return { exitCode: exitOk, stops };
}

interface Reached {
  readonly stop: Stop;
  readonly exitCode: number;
}

async function arrive(journey: Journey, environment: string, until: Until): Promise<Reached> {
  const { plane, out, release } = journey;
  const now = await lookAt(plane, environment);
  const latest = now?.rollout ?? null;
  const isOnItsWay = latest?.release === release.id && latest.kind === 'deploy' && !hasEnded(latest);
  const isThere = isOnItsWay ? standingOf(latest, until).kind === 'live' : now?.release === release.id;
  // What people have set since then comes with a rollout of the same release.
  const hasOtherConfig = isThere && (await plane.config(environment)).differs;
  if (now !== null && isThere && !hasOtherConfig) return alreadyThere(now, release, out);
  const request = { release: release.id, ...(journey.reason === undefined ? {} : { reason: journey.reason }) };
  const rollout = isOnItsWay && !hasOtherConfig ? latest : await plane.startRollout(environment, request);
  return follow(journey, rollout, until);
}

/** Follows a rollout, says how it stands at the end, and what to do where a person is needed. */
export async function follow(
  journey: Omit<Journey, 'route' | 'release' | 'until'>,
  rollout: RolloutView,
  until: Until,
): Promise<Reached> {
  const { plane, out, waits, signal, gateGraceMs } = journey;
  const grace = gateGraceMs === undefined ? {} : { gateGraceMs };
  const followed = await followRollout(rollout, { plane, out, until, waits, signal, ...grace });
  const environment = followed.isDetached ? null : await lookAt(plane, rollout.environment);
  if (followed.isDetached && journey.leavesSilently !== true) sayDetached(followed, out);
  if (!followed.isDetached) reportStanding({ ...followed, environment }, out);
  return {
    exitCode: followed.isDetached ? exitInterrupted : exitCodeOfStanding(followed.standing),
    stop: {
      environment: rollout.environment,
      standing: followed.standing.kind,
      isVerified: 'isVerified' in followed.standing && followed.standing.isVerified,
      rollout: followed.rollout,
      addresses: environment?.addresses ?? [],
    },
  };
}

/** Follows a deploy on its way back, where going back is what was wanted: *returned* is its success. */
export async function turnAround(
  { plane, out, signal }: Pick<Journey, 'plane' | 'out' | 'signal'>,
  rollout: RolloutView,
): Promise<Reached> {
  const followed = await followRollout(rollout, { plane, out, until: 'settled', waits: true, signal });
  const { standing, isDetached } = followed;
  const environment = isDetached ? null : await lookAt(plane, rollout.environment);
  if (isDetached) sayDetached(followed, out);
  else if (standing.kind === 'returned') sayBack(followed.rollout, environment, out);
  else reportStanding({ ...followed, environment }, out);
  const exitCode = standing.kind === 'returned' ? exitOk : exitCodeOfStanding(standing);
  return {
    exitCode: isDetached ? exitInterrupted : exitCode,
    stop: {
      environment: rollout.environment,
      standing: standing.kind,
      isVerified: false,
      rollout: followed.rollout,
      addresses: environment?.addresses ?? [],
    },
  };
}

function sayDetached({ rollout }: Followed, out: Output): void {
  const { environment } = rollout;
  out.line(`You have left; the rollout of ${rollout.release} to ${environment} goes on by itself.`);
  out.line(`  lotse status ${environment}   says how it stands`);
  out.line(`  lotse cancel ${environment}   takes it back`);
}

/** Null while the control plane does not know the environment: the first release there makes it known. */
async function lookAt(plane: ControlPlane, environment: string): Promise<EnvironmentViewModel | null> {
  try {
    return await plane.environment(environment);
  } catch (thrown) {
    if (thrown instanceof LotseError && thrown.code === 'not-found') return null;
    throw thrown;
  }
}

function alreadyThere(now: EnvironmentViewModel, release: ReleaseView, out: Output): Reached {
  const isVerified = now.verified && !isWithoutStory(now.rollout, release);
  out.line(liveLine(now.environment, release.id, isVerified, now.addresses[0] ?? '', out));
  out.line(`  ${out.paint('It serves here already; nothing was changed.', 'dim')}`);
  const { environment, rollout, addresses } = now;
  const standing = rollout?.status === 'settled' ? 'settled' : 'live';
  return { exitCode: exitOk, stop: { environment, standing, isVerified, rollout, addresses } };
}

/** An app without a verification is live, and no more than that. */
function isWithoutStory(latest: RolloutView | null, release: ReleaseView): boolean {
  if (latest === null || latest.kind === 'rollback' || latest.release !== release.id) return false;
  return !latest.steps.some((step) => step.id === publicVerification);
}

/** The evidence of a verification is written just after it: the next environment asks for it. */
async function waitForEvidence({ plane, release, signal }: Journey, environment: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (performance.now() < deadlineMs && !signal.aborted) {
    const now = await plane.environment(environment);
    if (now.verified || now.release !== release.id) return;
    await sleep(100);
  }
}
