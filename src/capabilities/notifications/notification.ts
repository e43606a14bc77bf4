import type { UnixMs } from '../../core/ids.ts';

/** What people are told of, and how soon. All of it pure. */

export type FactKind =
  | 'waiting'
  | 'live'
  | 'returned'
  | 'stranded'
  | 'gave-up'
  | 'job-failed'
  | 'job-overdue'
  | 'jobs-missed'
  | 'certificate-failed'
  | 'flag-off'
  | 'secret-expiring'
  | 'disk-low'
  | 'proxy-restarts'
  | 'test';

export interface Fact {
  /** Unique for ever: seen again it is not told again. */
  readonly id: string;
  readonly kind: FactKind;
  readonly at: UnixMs;
  readonly data: Readonly<Record<string, string>>;
}

/** Something to tell: facts of one story that follow soon after each other become one message. */
export interface Telling {
  readonly story: string;
  readonly fact: Fact;
}

type Pressing = 'info' | 'attention' | 'alarm';

/** Facts of one message; what comes beyond that is told by the one after it. */
const mostFacts = 50;

export const pressings: Readonly<Record<FactKind, Pressing>> = {
  waiting: 'attention',
  live: 'info',
  returned: 'attention',
  stranded: 'alarm',
  'gave-up': 'alarm',
  'job-failed': 'attention',
  'job-overdue': 'attention',
  'jobs-missed': 'attention',
  'certificate-failed': 'attention',
  'flag-off': 'attention',
  'secret-expiring': 'attention',
  'disk-low': 'alarm',
  'proxy-restarts': 'alarm',
  test: 'info',
};

/** How urgent all of them are together. */
export function pressingOf(facts: readonly Fact[]): Pressing {
  const all = facts.map(({ kind }) => pressings[kind]);
  return all.find((each) => each === 'alarm') ?? all.find((each) => each === 'attention') ?? 'info';
}

/** Alarms alone wake somebody. A test is for every way. */
export function wants(receiver: string, kind: FactKind): boolean {
  return receiver !== 'pagerduty' || kind === 'test' || pressings[kind] === 'alarm';
}

/** How long a message waits for what else happens, and for how long a story is quiet after it; in milliseconds. */
export interface Pace {
  readonly gatherMs: number;
  readonly alarmMs: number;
  readonly quietMs: number;
}

export const usualPace: Pace = { gatherMs: 15_000, alarmMs: 2_000, quietMs: 3_600_000 };

/** A message of the same story and receiver. */
export interface Told {
  readonly facts: readonly Fact[];
  /** It was not tried yet, so something may be added to it. */
  readonly isOpen: boolean;
  readonly createdAt: UnixMs;
  readonly sendAt: UnixMs;
}

export type Placing =
  | { readonly kind: 'known' }
  | { readonly kind: 'add'; readonly sendAt: UnixMs }
  | { readonly kind: 'new'; readonly sendAt: UnixMs };

/**
 * Where a fact goes: nowhere when it was told, into the message that waits, or into a new one. Each rollout is a story of
 * its own and is told as it goes; of all other stories there is one message an hour, but the first alarm is told at once.
 */
export function placeFact({ story, fact }: Telling, told: readonly Told[], now: UnixMs, pace: Pace): Placing {
  if (told.some(({ facts }) => facts.some(({ id }) => id === fact.id))) return { kind: 'known' };
  const isAlarm = pressings[fact.kind] === 'alarm';
  const soon = now + (fact.kind === 'test' ? 0 : isAlarm ? pace.alarmMs : pace.gatherMs);
  const open = told.find(({ isOpen, facts }) => isOpen && facts.length < mostFacts);
  const isFirstAlarm = isAlarm && !told.some(({ facts }) => facts.some(({ kind }) => kind === fact.kind));
  if (open !== undefined) return { kind: 'add', sendAt: isFirstAlarm ? Math.min(open.sendAt, soon) : open.sendAt };
  const isQuiet = !/^(?:rollout|test)\//.test(story) && !isFirstAlarm;
  const last = told.map(({ createdAt }) => createdAt).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return { kind: 'new', sendAt: isQuiet ? Math.max(soon, last + pace.quietMs) : soon };
}
