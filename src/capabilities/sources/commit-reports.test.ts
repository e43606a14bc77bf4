import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { systemActor, type JournalEvent } from '../../core/events.ts';
import { giveUpAfterMs } from '../../core/next-try.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { fakeForge } from '../../ports/forges/fixtures/fake-forge.ts';
import { forges } from '../../ports/forges/forge-drivers.ts';
import { CommitReports } from './commit-reports.ts';
import { ReportRows } from './report-rows.ts';
import type { Source } from './source.ts';

const commit = 'c0ffee'.padEnd(40, '0');
const token = 'planted-token';

/** A real database, a clock that is set by hand, and a forge that speaks GitHub's interface. */
async function world(t: TestContext) {
  const { database } = await temporaryDatabase(t);
  const forge = await fakeForge('github', token);
  t.after(() => forge.stop());
  forge.commits = [commit];
  const clock = { now: 1_000_000_000_000 };
  const source: Source = {
    ...{ app: 'shop', name: 'forge', kind: 'github', address: `${forge.origin}/acme/shop.git`, branch: 'main' },
    ...{ environment: 'production', folder: '', token: 'GIT_TOKEN', key: null, tells: true, connectedAt: 0 },
  };
  const rows = new ReportRows(database, () => clock.now);
  const reports = new CommitReports({
    ...{ rows, forges, log: () => undefined, attemptMs: 5_000 },
    // Two rules for one repository: it is told once.
    list: () => Promise.resolve([source, { ...source, name: 'second', branch: 'next' }]),
    secret: () => Promise.resolve(new Secret(token)),
    commitOf: (_, release) => Promise.resolve(release === 'r0' ? null : commit),
    planOf: (_, rollout) => {
      const release = rollout.endsWith('-0') ? 'r0' : 'r7';
      return Promise.resolve({ environment: 'production', to: { release, revision: 'production-7' } });
    },
    urlOf: () => Promise.resolve('https://shop.example'),
  });
  let sequence = 0;
  const event = (type: string, payload: unknown, rollout = 'production-rollout-7'): JournalEvent => ({
    ...{
      type,
      payload,
      version: 1,
      actor: systemActor,
      reason: null,
      correlationId: rollout,
      chain: 'shop/production',
    },
    ...{ sequence: (sequence += 1), id: `event-${sequence}`, at: 0, hash: '', erased: false },
  });
  const deliver = async (afterMs = 0) => {
    clock.now += afterMs;
    await reports.look();
    await reports.settled();
  };
  return { forge, rows, reports, event, deliver, states: () => forge.books.statuses.map(({ state }) => state) };
}

const ended = (end: string) => ({ end, cause: { kind: 'unready', message: 'it never was' }, level: null });

test('a rollout is told as it stands; what a forge has missed while it was away is not told afterwards', async (t) => {
  const { forge, reports, event, deliver, states, rows } = await world(t);
  const planned = event('rollout-planned', {});
  await reports.follow(planned);
  await deliver();
  await reports.follow(planned);
  await deliver();
  assert.deepEqual(states(), ['pending']);
  forge.mood = 'breaks';
  const waiting = event('gates-waiting', {
    step: 's',
    results: [
      { gate: 'approval', title: 'approved by a person', state: { kind: 'waiting', opensAt: null }, message: '' },
    ],
  });
  await reports.follow(waiting);
  await deliver();
  assert.match((await rows.list('shop', 'forge', 10))[0]?.problem ?? '', /503/);
  await reports.follow(event('rollout-live', { step: 's' }));
  await deliver();
  forge.mood = 'limits';
  await deliver(10_000);
  forge.mood = 'well';
  await deliver(6_000);
  assert.deepEqual(states(), ['pending'], 'it asked for patience');
  await deliver(1_000);
  assert.deepEqual(states(), ['pending', 'success']);
  // Seen again after a crash, it takes nothing back.
  await reports.follow(waiting);
  await deliver();
  await reports.follow(event('rollout-ended', ended('returned')));
  await deliver();
  assert.deepEqual(states(), ['pending', 'success', 'failure']);
  assert.match(forge.books.statuses.at(-1)?.description ?? '', /r7 was taken back in production: it never was/);
  assert.deepEqual(
    forge.books.deployments.map((each) => each.states),
    [['in_progress', 'success', 'failure']],
  );
});

test('a push that failed is told beside its commit; what belongs to no commit is not told', async (t) => {
  const { forge, reports, event, deliver } = await world(t);
  const payload = { source: 'forge', delivery: 'd1', commit, code: 'build-failed', rollout: null };
  await reports.follow(event('push-failed', payload));
  await reports.follow(event('push-failed', { ...payload, delivery: 'd2', rollout: 'production-rollout-7' }));
  await reports.follow(event('rollout-live', { step: 's' }, 'production-rollout-0'));
  await reports.follow(event('secret-set', {}));
  await deliver();
  assert.deepEqual(forge.books.statuses, [
    { commit, context: 'lotse/production', state: 'failure', description: 'not deployed: build-failed' },
  ]);
  assert.deepEqual(forge.books.deployments, []);
});

test('what will never be taken is given up at once, and a forge that stays away after three days', async (t) => {
  const { forge, reports, event, deliver, rows } = await world(t);
  const states = async () => (await rows.list('shop', 'forge', 10)).map(({ state }) => state);
  forge.commits = [];
  await reports.follow(event('rollout-live', { step: 's' }));
  await deliver();
  assert.deepEqual(await states(), ['failed']);
  forge.mood = 'breaks';
  await reports.follow(event('rollout-live', { step: 's' }, 'production-rollout-8'));
  for (let passedMs = 0; passedMs < giveUpAfterMs + 7_200_000; passedMs += 7_200_000) await deliver(7_200_000);
  assert.deepEqual(await states(), ['failed', 'failed']);
});
