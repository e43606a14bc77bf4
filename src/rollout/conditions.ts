import type { UnixMs } from '../core/ids.ts';
import type { Cause, Observation, ObservedSlot } from './facts.ts';
import type { Condition } from './plan.ts';

export type Verdict =
  | { readonly kind: 'met' }
  /** `what` says for people what is still missing. */
  | { readonly kind: 'open'; readonly what: string }
  | { readonly kind: 'failed'; readonly cause: Omit<Cause, 'step'> };

const met: Verdict = { kind: 'met' };
const open = (what: string): Verdict => ({ kind: 'open', what });

/** Does a condition hold, going by what was observed? Nothing is assumed: an unseen slot is not ready. */
export function checkCondition(condition: Condition, seen: Observation, performedAt: UnixMs): Verdict {
  switch (condition.kind) {
    case 'ready':
      return checkReady(condition, seen);
    case 'stopped': {
      const left = slotsOf(condition, seen).filter((slot) => slot.slot >= condition.fromSlot);
      return left.length === 0 ? met : open(`${left.length} of ${condition.service} still stopping`);
    }
    case 'drained': {
      if (seen.at - performedAt >= condition.budgetMs) return met;
      const busy = slotsOf(condition, seen).filter((slot) => slot.slot >= condition.fromSlot && slot.open !== 0);
      return busy.length === 0 ? met : open(`${condition.service} still has requests open`);
    }
    case 'job-succeeded':
      return checkJob(condition.key, seen);
    case 'answering': {
      const answers = seen.answers.find((each) => each.revision === condition.revision);
      if (answers && answers.inARow >= condition.times) return met;
      return open(
        answers?.problem ?? `the public route has not yet answered ${condition.times} times with ${condition.revision}`,
      );
    }
    case 'elapsed':
      return seen.at - performedAt >= condition.ms ? met : open('watching');
    case 'judged-healthy':
      return seen.judgement?.verdict === 'healthy' ? met : open(seen.judgement?.sentence ?? 'nobody has judged yet');
  }
}

function slotsOf(
  where: { readonly revision: string; readonly service: string },
  seen: Observation,
): readonly ObservedSlot[] {
  return seen.slots.filter((slot) => slot.revision === where.revision && slot.service === where.service);
}

function checkReady(condition: Extract<Condition, { kind: 'ready' }>, seen: Observation): Verdict {
  const slots = slotsOf(condition, seen).filter((slot) => slot.slot < condition.slots);
  const lost = slots.find((slot) => slot.state === 'gave-up');
  if (lost) return { kind: 'failed', cause: gaveUp(lost) };
  const ready = slots.filter((slot) => slot.state === 'ready').length;
  if (ready >= condition.slots) return met;
  const note = slots.find((slot) => slot.state !== 'ready' && slot.note !== null)?.note;
  return open(`${condition.service}: ${ready} of ${condition.slots} ready${note ? ` (${note})` : ''}`);
}

/** The cause that an instance which will not be started again gives. */
export function gaveUp(slot: ObservedSlot): Omit<Cause, 'step'> {
  const why = slot.note === null ? '' : `: ${slot.note}`;
  return {
    code: 'returned',
    kind: 'start-failed',
    message: `${slot.service} does not come up${why}`,
    logTail: slot.logTail,
    inRelease: true,
  };
}

function checkJob(key: string, seen: Observation): Verdict {
  const job = seen.jobs.find((each) => each.key === key);
  if (!job || job.state === 'running') return open('the verification is running');
  if (job.state === 'succeeded') return met;
  const how = job.signal === null ? `exit code ${job.exitCode ?? 'unknown'}` : `ended by ${job.signal}`;
  const message =
    job.state === 'lost'
      ? 'the verification was lost: its exit status cannot be known'
      : `the verification failed (${how})`;
  return {
    kind: 'failed',
    cause: {
      code: 'verification-failed',
      kind: 'verification-failed',
      message,
      logTail: job.logTail,
      // Ended by a signal means ended from outside: that says nothing about the release.
      inRelease: job.state === 'failed' && job.signal === null,
    },
  };
}
