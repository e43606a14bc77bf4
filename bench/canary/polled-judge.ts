import type { EpochCounters, TrafficCount } from '../../src/core/routing-document.ts';
import { Judge } from '../../src/rollout/judge/judge.ts';
import { requestsPerSecond, usual } from './bounds.ts';
import type { Chance } from './chance.ts';
import { shippedRules } from './shipped-judge.ts';

/** How the counters come: looked at each second, with most looks missing, or only across the changes of shares. */
export const polls = ['each second', 'seven of ten lost', 'across each step'] as const;
export type Polls = (typeof polls)[number];

const shares = [10, 50, 250] as const;
const stepSeconds = 60;

/**
 * The whole judge on the proxy's counters: 1 %, 5 % and 25 % for a minute each, a sticky service, and for two seconds
 * around each change of shares a third of all requests fails, whoever answers. Failed canary requests until the alarm;
 * null: none.
 */
export function polledJudge(chance: Chance, newRate: number, how: Polls): number | null {
  const judge = new Judge({
    ...shippedRules(true),
    services: [{ service: 'web', isSticky: true, lateAfterMs: [], timedUpToPermille: 500 }],
  });
  const epochs: EpochCounters[] = [];
  let failed = 0;
  for (const [step, permille] of shares.entries()) {
    const buckets = Array.from({ length: 1000 }, (_, bucket) => emptyBucket(bucket, bucket < permille));
    for (let second = 0; second < stepSeconds; second++) {
      const isBlip = (second === 0 && step > 0) || second === stepSeconds - 1;
      failed += countSecond(
        chance,
        buckets,
        permille,
        isBlip ? { new: 1 / 3, old: 1 / 3 } : { new: newRate, old: usual.baseline },
      );
      const isLast = second === stepSeconds - 1;
      if (!isSeen(chance, how, second)) continue;
      const now = epochOf(step, buckets, false);
      if (lookAt(judge, step * stepSeconds + second, [...epochs, now])) return failed;
      if (isLast) break;
    }
    epochs.push(epochOf(step, buckets, true));
  }
  return lookAt(judge, shares.length * stepSeconds, epochs) ? failed : null;
}

function isSeen(chance: Chance, how: Polls, second: number): boolean {
  switch (how) {
    case 'each second':
      return true;
    case 'seven of ten lost':
      return chance.happens(0.3);
    case 'across each step':
      return second === stepSeconds / 2;
  }
}

function lookAt(judge: Judge, second: number, epochs: readonly EpochCounters[]): boolean {
  const none = { asked: 0, failed: 0 };
  const judgement = judge.look({ at: second * 1000, epochs, probes: { new: none, old: none }, signals: [] });
  return judgement.verdict === 'harmful';
}

type Bucket = { -readonly [Key in keyof TrafficCount]: TrafficCount[Key] };

function emptyBucket(bucket: number, isNew: boolean): Bucket {
  const name = { service: 'web', revision: isNew ? 'production-2' : 'production-1', bucket };
  return { ...name, started: 0, ok: 0, clientError: 0, serverError: 0, failed: 0, clientGone: 0, late: [] };
}

/** Returns how many requests of the canary failed. */
function countSecond(
  chance: Chance,
  buckets: readonly Bucket[],
  permille: number,
  rates: Readonly<Record<'new' | 'old', number>>,
): number {
  let failed = 0;
  for (let request = 0; request < requestsPerSecond; request++) {
    const at = chance.below(buckets.length);
    const bucket = buckets[at];
    if (bucket === undefined) continue;
    const isNew = at < permille;
    const hasFailed = chance.happens(isNew ? rates.new : rates.old);
    bucket.started++;
    if (hasFailed) bucket.serverError++;
    else bucket.ok++;
    if (hasFailed && isNew) failed++;
  }
  return failed;
}

function epochOf(step: number, buckets: readonly Bucket[], isClosed: boolean): EpochCounters {
  const name = { app: 'shop', environment: 'production', epoch: step + 1, proxyStart: 'one' };
  const counts = buckets.filter(({ started }) => started > 0).map((bucket) => ({ ...bucket }));
  const openedAtMs = step * stepSeconds * 1000;
  return { ...name, openedAtMs, closedAtMs: isClosed ? openedAtMs + stepSeconds * 1000 : null, counts, durations: [] };
}
