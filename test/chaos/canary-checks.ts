import assert from 'node:assert/strict';
import { bucketCount } from '../../src/core/routing-document.ts';
import { epochStep } from '../../src/rollout/environment-state.ts';
import { until } from '../harness/until.ts';
import type { VisitorRequest } from '../harness/visitors.ts';
import { pathOf, type Voyage } from './canary-shop.ts';
import type { Stand } from './rollout-record.ts';

/** What was under way while the first share came into force is counted on one side of it or on the other. */
const aroundMs = 100;
/** The crashes have shorter patience, and tell where it stands. */
const patienceMs = 840_000;

/** Nothing was reset, and nothing failed but what a release that is bad by itself has answered. */
export function assertNothingLost({ visitors }: Voyage, bad: string | null = null): void {
  const isLost = ({ failure, status, release }: VisitorRequest) =>
    failure !== null || (status !== 200 && !(status === 500 && release === bad));
  assert.deepEqual(visitors.requests.filter(isLost), []);
}

/** Once a visitor has seen the new release, it is never the old one again. */
export function assertNobodyGoesBack({ visitors, from, to }: Voyage): void {
  for (const [visitor, releases] of seenBy(visitors.requests)) {
    const first = releases.indexOf(to);
    assert.ok(first >= 0, `visitor ${visitor} never got the new release`);
    assert.equal(releases.indexOf(from, first), -1, `visitor ${visitor} went back`);
  }
}

/** Some visitors were on the new release for a while, once; all end on the old one. */
export function assertAllAreBack({ visitors, from, to }: Voyage): void {
  const all = [...seenBy(visitors.requests)];
  assert.ok(all.some(([, releases]) => releases.includes(to)));
  for (const [visitor, releases] of all) {
    const changes = releases.filter((release, at) => release !== releases[at - 1]);
    assert.equal(releases.at(-1), from);
    assert.ok(changes.length <= 3, `visitor ${visitor} changed more often: ${changes.join(', ')}`);
  }
}

/** What each visitor was answered with, in this order; nobody asks two things at a time. */
function seenBy(requests: readonly VisitorRequest[]): ReadonlyMap<number, readonly string[]> {
  const ordered = requests.toSorted((a, b) => a.sentAt - b.sentAt);
  const byVisitor = Map.groupBy(ordered, ({ visitor }) => visitor);
  return new Map([...byVisitor].map(([visitor, own]) => [visitor, own.map(({ release }) => release)]));
}

/**
 * No epoch mixes two shares: the new release's buckets lie below those of the old one, as one share divides them. And
 * each is one that was ordered: no side was thought to be down for a while.
 */
export async function assertEpochsArePure({ epochs, lotse, record }: Voyage, wanted: number): Promise<void> {
  const { revision } = await lotse.client.rollout(record.id);
  let shared = 0;
  for (const { epoch, counts } of epochs.all) {
    // The verification asks without being a visitor.
    const visits = counts.filter(({ bucket }) => bucket >= 0);
    const [fresh, old] = [true, false].map((isNew) =>
      visits.filter((count) => (count.revision === revision) === isNew).map(({ bucket }) => bucket),
    );
    if (fresh === undefined || fresh.length === 0) continue;
    shared += 1;
    assert.equal(epoch % epochStep, 0, `epoch ${epoch} was not ordered`);
    assert.ok(Math.max(...fresh) < Math.min(bucketCount, ...(old ?? [])), `epoch ${epoch} has two shares`);
  }
  assert.equal(shared, wanted);
}

/**
 * Waits for the watch, sends no visitor for a moment, and compares what the judge has counted with what they have asked
 * since the first share: exactly so many of the new release, and of the old one but for what was under way then. `lost`:
 * what a proxy that was killed may have counted of each service and told nobody.
 */
export async function assertCountsAgree(voyage: Voyage, lost = 0): Promise<void> {
  const { record, visitors } = voyage;
  const isWatched = ({ step, last }: Stand): boolean => step === 'watch' && last === 'step-performed';
  await until('it is watched', () => visitors.haveLeft || isWatched(record.stand), patienceMs);
  if (visitors.haveLeft) return;
  await visitors.rest();
  const asked = new Map(Object.keys(pathOf).map((service) => [service, answersOf(voyage, service)]));
  let seen: readonly Counted[] = [];
  const agree = async () => {
    seen = await countedOf(voyage);
    return seen.length > 0 && seen.every((counted) => isSame(counted, asked.get(counted.service), lost));
  };
  await until('the judge has counted what visitors have asked', agree, 30_000).catch((cause: unknown) => {
    throw new Error(`counted ${JSON.stringify(seen)}, asked ${JSON.stringify([...asked])}`, { cause });
  });
  visitors.goOn();
}

interface Counted {
  readonly service: string;
  readonly fresh: number;
  readonly old: number;
}
interface Answered {
  readonly fresh: number;
  /** The fewest and the most. */
  readonly old: readonly [number, number];
}

function isSame(counted: Counted, asked: Answered | undefined, lost: number): boolean {
  if (asked === undefined) return false;
  const [least, most] = asked.old;
  const isOld = counted.old >= least - lost && counted.old <= most;
  return isOld && counted.fresh >= asked.fresh - lost && counted.fresh <= asked.fresh;
}

async function countedOf({ lotse, record }: Voyage): Promise<readonly Counted[]> {
  const { judged } = await lotse.client.rollout(record.id);
  const failures = judged?.findings.filter(({ metric }) => metric === 'failures') ?? [];
  return failures.map(({ service, counted }) => {
    return { service: service ?? '', fresh: counted.new.requests, old: counted.old.requests };
  });
}

/** A first cookie says that two releases have shares from now on. */
function answersOf({ visitors, from, to }: Voyage, service: string): Answered {
  const newcomers = visitors.requests.filter(({ isNewcomer }) => isNewcomer);
  const [sentAt, endedAt] = [Math.min(...newcomers.map((r) => r.sentAt)), Math.min(...newcomers.map((r) => r.endedAt))];
  const own = visitors.requests.filter(({ path }) => path === pathOf[service]);
  const [fresh, old] = [to, from].map((id) => own.filter(({ release }) => release === id));
  const since = (is: (request: VisitorRequest) => boolean) => old?.filter(is).length ?? 0;
  return {
    fresh: fresh?.length ?? 0,
    old: [since((r) => r.sentAt > endedAt + aroundMs), since((r) => r.endedAt > sentAt - aroundMs)],
  };
}

/**
 * Each service of both releases was started once, and the new one was verified where it should be. The old one was
 * verified when it came, twice, and never since: nobody probes where there are many visitors.
 */
export function assertStartedOnce({ lotse, from, to }: Voyage, verified: readonly string[]): void {
  const services = [...Object.keys(pathOf), 'worker'].toSorted();
  const starts = lotse.stored('starts.log').map((line) => line.split(' '));
  const verifications = lotse.stored('verifications.log').map((line) => line.split(' '));
  for (const release of [from, to]) {
    const own = starts.filter((words) => words[1] === release).map(([service = '']) => service);
    assert.deepEqual(own.toSorted(), services, `starts of ${release}`);
  }
  const toldOf = (release: string) => verifications.filter(([of]) => of === release).map(([, where]) => where);
  assert.deepEqual(toldOf(to), verified);
  assert.equal(toldOf(from).length, 2);
}

/** Only this release runs, each slot in its first attempt, and it has all users. */
export async function assertServesAlone({ lotse }: Voyage, release: string): Promise<void> {
  const environment = await until(`only ${release} runs`, async () => {
    const seen = await lotse.client.environment();
    const slots = seen.services.flatMap((service) => service.slots);
    return slots.length === Object.keys(pathOf).length + 1 && seen.release === release && { ...seen, slots };
  });
  for (const slot of environment.slots) {
    const { revision, state, attempt, unexpectedExits } = slot;
    assert.deepEqual([revision, state, attempt, unexpectedExits], [environment.revision, 'ready', 1, 0]);
  }
  assert.deepEqual(
    environment.shares.map((share) => [share.release, share.permille]),
    [[release, 1000]],
  );
  assert.equal(environment.rollout?.endedAt !== null, true);
}

export async function assertQuarantined({ lotse, to }: Voyage): Promise<void> {
  await until(`${to} is in quarantine`, async () => {
    const found = (await lotse.client.releases()).find((each) => each.id === to);
    return found?.quarantine.length === 1;
  });
}

/** Of all that was written nothing is damaged or missing. */
export async function assertJournal({ lotse }: Voyage): Promise<void> {
  const told = await lotse.client.ask('GET /journal/check');
  assert.ok(typeof told === 'object' && told !== null && 'ok' in told);
  assert.equal(told.ok, true);
}
