import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openJournal } from './journal.ts';
import type { PositionedEvent } from './journal-rows.ts';
import { openDatabase } from './open-database.ts';
import { openSubscriptions } from './subscriptions.ts';
import { draft, realSources, temporaryDatabase } from './temporary-database.ts';

const options = { now: Date.now, backOffMs: () => 1 };

function collector(name: string, from: 'start' | 'now' = 'start') {
  const seen: unknown[] = [];
  const handle = (event: PositionedEvent): Promise<void> => Promise.resolve(void seen.push(event.payload));
  return { name, from, handle, seen };
}

test('a subscriber gets every event in order, old and new, and goes on there after a restart', async (t) => {
  const { database, file, journal } = await temporaryDatabase(t);
  await journal.append(
    'control',
    1,
    Array.from({ length: 250 }, (_, n) => draft(n)),
  );
  const subscriptions = openSubscriptions(database, journal, options);
  const first = collector('mail');
  const subscription = await subscriptions.subscribe(first);
  await subscription.caughtUp();
  await journal.append('shop/production', 1, [draft(250)]);
  await subscription.caughtUp();
  assert.deepEqual(
    first.seen,
    Array.from({ length: 251 }, (_, n) => n),
  );
  await subscriptions.stopAll();
  await journal.append('control', 1, [draft(251)]);
  await database.close();

  const again = await openDatabase({ file });
  t.after(() => again.close());
  const reopened = openSubscriptions(again, openJournal(again, realSources()), options);
  const second = collector('mail');
  await (await reopened.subscribe(second)).caughtUp();
  assert.deepEqual(second.seen, [251]);
  await reopened.stopAll();
});

test('a new subscriber may begin after the latest event', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft('old')]);
  const subscriptions = openSubscriptions(database, journal, options);
  t.after(() => subscriptions.stopAll());
  const late = collector('late', 'now');
  const subscription = await subscriptions.subscribe(late);
  await journal.append('control', 1, [draft('new')]);
  await subscription.caughtUp();
  assert.deepEqual(late.seen, ['new']);
  await assert.rejects(subscriptions.subscribe(late), { code: 'conflict' });
});

test('a failing handler gets the same event again, later and later, and its failures are on record', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft('a'), draft('b'), draft('c')]);
  const failures: number[] = [];
  const waits: number[] = [];
  const subscriptions = openSubscriptions(database, journal, {
    ...options,
    backOffMs(count) {
      waits.push(count);
      return 1;
    },
    onFailure: (_, event) => failures.push(event?.position ?? 0),
  });
  const records: unknown[] = [];
  const seen: unknown[] = [];
  const subscription = await subscriptions.subscribe({
    name: 'flaky',
    from: 'start',
    async handle(event) {
      if (event.payload === 'b' && failures.length < 3) throw new Error(`mail server ${failures.length} is away`);
      records.push(
        await database.db.selectFrom('subscriptions').select(['position', 'failures', 'last_error']).execute(),
      );
      seen.push(event.payload);
    },
  });
  await subscription.caughtUp();
  await subscription.stop();
  assert.deepEqual(
    [seen, failures, waits],
    [
      ['a', 'b', 'c'],
      [2, 2, 2],
      [1, 2, 3],
    ],
  );
  assert.deepEqual(records[1], [{ position: 1, failures: 3, last_error: 'mail server 2 is away' }]);
  const row = await database.db.selectFrom('subscriptions').select(['position', 'failures', 'last_error']).execute();
  assert.deepEqual(row, [{ position: 3, failures: 0, last_error: null }]);
});

test(
  'one subscriber that fails for ever does not hold up another, and can be stopped',
  { timeout: 180_000 },
  async (t) => {
    const { database, journal } = await temporaryDatabase(t);
    const subscriptions = openSubscriptions(database, journal, { now: Date.now });
    const failing = await subscriptions.subscribe({
      name: 'failing',
      from: 'start',
      handle: () => Promise.reject(new Error('never')),
    });
    const healthy = collector('healthy');
    const subscription = await subscriptions.subscribe(healthy);
    await journal.append('control', 1, [draft(1), draft(2)]);
    await subscription.caughtUp();
    assert.deepEqual(healthy.seen, [1, 2]);
    await failing.stop();
    const row = await database.db
      .selectFrom('subscriptions')
      .select('position')
      .where('name', '=', 'failing')
      .executeTakeFirst();
    assert.equal(row?.position, 0);
    await subscriptions.stopAll();
  },
);

test('a handler may append to the journal itself', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const subscriptions = openSubscriptions(database, journal, options);
  t.after(() => subscriptions.stopAll());
  const echoes = await subscriptions.subscribe({
    name: 'echo',
    from: 'start',
    async handle(event) {
      if (event.type === 'thing-done')
        await journal.append('control', 1, [draft(event.payload, { type: 'thing-echoed' })]);
    },
  });
  await journal.append('shop/production', 1, [draft('hello')]);
  await echoes.caughtUp();
  await echoes.caughtUp();
  const types = (await journal.readAll({ afterPosition: 0, limit: 10 })).map((event) => event.type);
  assert.deepEqual(types, ['thing-done', 'thing-echoed']);
});
