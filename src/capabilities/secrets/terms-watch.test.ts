import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { putTerm } from './rotation-rows.ts';
import { TermsWatch } from './terms-watch.ts';

const dayMs = 86_400_000;
const place = { app: 'shop', environment: 'production', name: 'SMTP_URL' };

test('people are reminded of a value 14, 7 and 1 days before it ends and when it has, each once', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const ends = 1_900_000_000_000;
  const clock = { now: ends - 20 * dayMs };
  const parts = { database, journal, fence: () => 1, now: () => clock.now, log: () => undefined };
  const told = async (now: number) => {
    clock.now = now;
    // Another control plane looks, too: nothing is remembered but what is written.
    for (let looks = 0; looks < 2; looks += 1) await new TermsWatch(parts).look();
    const events = await journal.readAll({ afterPosition: 0, limit: 100 });
    return events.map(({ type, payload }) => [type, Object(payload).days]);
  };
  await database.write((trx) => putTerm(trx, place, ends));
  const expiring = (...days: readonly number[]) => days.map((day) => ['secret-expiring', day]);
  assert.deepEqual(await told(ends - 15 * dayMs), []);
  assert.deepEqual(await told(ends - 14 * dayMs), expiring(14));
  assert.deepEqual(await told(ends - 8 * dayMs), expiring(14));
  assert.deepEqual(await told(ends - 6 * dayMs), expiring(14, 7));
  assert.deepEqual(await told(ends - dayMs / 2), expiring(14, 7, 1));
  assert.deepEqual(await told(ends + dayMs), expiring(14, 7, 1, 0));
  const later = ends + 100 * dayMs;
  await database.write((trx) => putTerm(trx, place, later));
  assert.deepEqual(await told(later - 3 * dayMs), expiring(14, 7, 1, 0, 7), 'a new value has an end of its own');
});
