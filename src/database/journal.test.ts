import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChainName } from '../core/ids.ts';
import type { Journal } from '../engine/journal.ts';
import { checkJournal } from './check-journal.ts';
import type { PositionedEvent } from './journal-rows.ts';
import { openDatabase } from './open-database.ts';
import { draft, temporaryDatabase } from './temporary-database.ts';

const production: ChainName = 'shop/production';
const staging: ChainName = 'shop/staging';

test('an appended event is read back as it was given, with its place in the chain', async (t) => {
  const { journal } = await temporaryDatabase(t, { now: () => 1_700_000_000_000, newId: () => 'id-1' });
  const asPort: Journal = journal;
  const given = draft(
    { text: 'grüße \u0000 "x"', list: [1, null, { deep: true }] },
    { reason: 'because', correlationId: 'production-rollout-1', actor: { kind: 'person', id: 'p1' }, version: 3 },
  );
  const [appended] = await asPort.append(production, 1, [given]);
  const [read] = await asPort.read(production, { after: 0, limit: 10, correlationId: null });
  assert.deepEqual(read, appended);
  const { hash, ...rest } = read ?? { hash: '' };
  assert.match(hash, /^[0-9a-f]{64}$/);
  const place = { position: 1, chain: production, sequence: 1, id: 'id-1', at: 1_700_000_000_000, erased: false };
  assert.deepEqual(rest, { ...given, ...place });
  assert.deepEqual(await asPort.heads(), { [production]: { sequence: 1, hash } });
});

test('each chain counts for itself, positions count over all of them', async (t) => {
  const { journal } = await temporaryDatabase(t);
  await journal.append(production, 1, [draft(1), draft(2)]);
  await journal.append('control', 1, [draft(3)]);
  await journal.append(production, 1, [draft(4)]);
  const all = await journal.readAll({ afterPosition: 0, limit: 10 });
  assert.deepEqual(
    all.map(({ position, chain, sequence }) => `${position} ${chain} ${sequence}`),
    ['1 shop/production 1', '2 shop/production 2', '3 control 1', '4 shop/production 3'],
  );
  const rest = await journal.readAll({ afterPosition: 1, limit: 1, chain: production });
  assert.deepEqual(
    rest.map((event) => event.payload),
    [2],
  );
  assert.equal(await journal.positionOf(all[2]?.id ?? ''), 3);
  assert.equal(await journal.positionOf('unknown'), null);
  assert.equal(await journal.lastPosition(), 4);
});

test('a read can be narrowed to one correlation id', async (t) => {
  const { journal } = await temporaryDatabase(t);
  await journal.append(production, 1, [
    draft(1, { correlationId: 'a' }),
    draft(2, { correlationId: 'b' }),
    draft(3, { correlationId: 'a' }),
  ]);
  const events = await journal.read(production, { after: 1, limit: 10, correlationId: 'a' });
  assert.deepEqual(
    events.map((event) => event.payload),
    [3],
  );
});

test('a fence below the highest of the chain is refused and nothing is written', async (t) => {
  const { journal } = await temporaryDatabase(t);
  await journal.append(production, 7, [draft(1)]);
  await assert.rejects(journal.append(production, 6, [draft(2)]), { code: 'fenced-off', retriable: false });
  await journal.append(staging, 6, [draft(3)]);
  await journal.append(production, 7, [draft(4)]);
  assert.deepEqual((await journal.heads())[production]?.sequence, 2);
});

test('of several drafts all are appended or none', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append(production, 1, [draft(1)]);
  await assert.rejects(journal.append(production, 1, [draft(2), draft(1n)]), TypeError);
  await assert.rejects(journal.append(production, 1, [draft(2), draft(() => 1)]), TypeError);
  assert.equal(await journal.lastPosition(), 1);
  const [next] = await journal.append(production, 1, [draft(3)]);
  assert.deepEqual([next?.position, next?.sequence], [2, 2]);
  assert.equal((await checkJournal(database)).intact, true);
});

test('what is written beside the events is durable with them or not at all', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const app = (name: string) => ({ app: name, created_at: 1, archived_at: null });
  await journal.appendWith(production, 1, [draft(1)], async (trx, events) => {
    assert.equal(events[0]?.sequence, 1);
    await trx.insertInto('apps').values(app('shop')).execute();
  });
  const failing = journal.appendWith(production, 1, [draft(2)], async (trx) => {
    await trx.insertInto('apps').values(app('bakery')).execute();
    await trx.insertInto('apps').values(app('shop')).execute();
  });
  await assert.rejects(failing, { code: 'conflict' });
  assert.deepEqual(await database.db.selectFrom('apps').select('app').execute(), [{ app: 'shop' }]);
  assert.equal(await journal.lastPosition(), 1);
  await assert.rejects(
    journal.appendWith(production, 0, [], () => Promise.reject(new Error('must not be called'))),
    { code: 'fenced-off' },
  );
});

test('one transaction can write to several chains, with drafts that depend on what it read', async (t) => {
  const { journal } = await temporaryDatabase(t);
  const add = () =>
    journal.transact(async ({ trx, append }) => {
      const known = await trx.selectFrom('journal').select('sequence').where('chain', '=', 'control').execute();
      await append('control', 1, [draft({ number: known.length + 1 })]);
      await append(production, 1, [draft({ number: known.length + 1 })]);
      return known.length + 1;
    });
  assert.deepEqual(await Promise.all([add(), add(), add()]), [1, 2, 3]);
  assert.equal((await journal.heads())[production]?.sequence, 3);
});

test('using the database inside its own transaction is refused instead of waiting for ever', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const refused = { code: 'internal', message: /use the transaction that was handed in/ };
  const through = (work: () => Promise<unknown>) =>
    journal.appendWith(production, 1, [], async () => void (await work()));
  await assert.rejects(
    through(() => database.db.selectFrom('apps').selectAll().execute()),
    refused,
  );
  await assert.rejects(
    through(() => journal.append(production, 1, [draft(1)])),
    refused,
  );
  await journal.append(production, 1, [draft(2)]);
});

test('listeners hear of every commit in the order of positions, also when one of them throws', async (t) => {
  const { journal } = await temporaryDatabase(t);
  const heard: number[] = [];
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const stopBroken = journal.onAppend(() => {
    stopBroken();
    throw new Error('a broken listener');
  });
  const stop = journal.onAppend((events) => heard.push(...events.map((event) => event.position)));
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => journal.append(n % 2 ? production : staging, 1, [draft(n), draft(n)])),
  );
  assert.deepEqual(
    heard,
    Array.from({ length: 40 }, (_, n) => n + 1),
  );
  await assert.rejects(journal.append(production, 0, [draft('refused')]));
  stop();
  await journal.append(production, 1, [draft('unheard')]);
  assert.equal(heard.length, 40);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(warnings.includes('a broken listener'));
});

test('nothing is appended to a chain whose tail was cut', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append(production, 1, [draft(1), draft(2)]);
  await database.db.deleteFrom('journal').where('sequence', '=', 2).execute();
  await assert.rejects(journal.append(production, 1, [draft(3)]), {
    code: 'journal-damaged',
    hint: /lotse journal check/,
  });
});

test('an erased payload is gone from the files, and the chain still verifies', async (t) => {
  const { database, file, journal } = await temporaryDatabase(t);
  const needle = 'a-very-personal-thing';
  await journal.append(production, 1, [draft({ needle }), draft({ text: needle.repeat(5000) }, { reason: needle })]);
  assert.ok(bytesOf(file).includes(needle));
  const actor = { kind: 'person', id: 'p1' } as const;
  const erasure = { fence: 1, actor, reason: 'asked for by the person' };
  const record = await journal.erase(production, 1, erasure);
  await journal.erase(production, 2, erasure);
  assert.equal(bytesOf(file).includes(needle), false);
  assert.deepEqual(await journal.erase(production, 1, erasure), record);
  assert.deepEqual([record.type, record.sequence, record.reason], ['payload-erased', 3, erasure.reason]);
  const events = await journal.read(production, { after: 0, limit: 10, correlationId: null });
  assert.deepEqual(
    events.map(({ erased, payload, reason }) => [erased, payload !== null, reason]),
    [
      [true, false, null],
      [true, false, null],
      [false, true, erasure.reason],
      [false, true, erasure.reason],
    ],
  );
  const check = await checkJournal(database, { heads: await journal.heads() });
  assert.deepEqual([check.intact, check.chains[0]?.erased], [true, 2]);
  await assert.rejects(journal.erase(production, 3, erasure), { code: 'conflict' });
  await assert.rejects(journal.erase(production, 9, erasure), { code: 'not-found' });
  await assert.rejects(journal.erase(production, 4, { ...erasure, fence: 0 }), { code: 'conflict' });
});

test('an erasure beside a reader says that old bytes remain, and repeating it removes them', async (t) => {
  const { database, file, journal } = await temporaryDatabase(t);
  await journal.append(production, 1, [draft('a-very-personal-thing')]);
  const erasure = { fence: 1, actor: { kind: 'person', id: 'p1' }, reason: 'asked for' } as const;
  const reader = await openDatabase({ file, readonly: true });
  t.after(() => reader.close());
  await reader.db
    .transaction()
    .setAccessMode('read only')
    .execute(async (trx) => {
      await trx.selectFrom('journal').selectAll().execute();
      await assert.rejects(journal.erase(production, 1, erasure), { code: 'locked', retriable: true });
    });
  assert.ok(bytesOf(file).includes('a-very-personal-thing'));
  assert.equal((await journal.erase(production, 1, erasure)).sequence, 2);
  assert.equal(bytesOf(file).includes('a-very-personal-thing'), false);
  assert.equal(await journal.lastPosition(), 2);
  assert.equal((await checkJournal(database)).intact, true);
});

test('old events come in the latest version of their type, and their chain stays as it was written', async (t) => {
  const up = (payload: unknown) => ({ wrapped: payload });
  const upcasters = [1, 2].map((from) => ({ type: 'thing-done', from, up }));
  const { database, journal } = await temporaryDatabase(t, { upcasters });
  await journal.append(production, 1, [draft('x'), draft('y', { version: 2 }), draft('z', { version: 3 })]);
  const events = await journal.readAll({ afterPosition: 0, limit: 10 });
  assert.deepEqual(
    events.map(({ version, payload }) => [version, payload]),
    [
      [3, { wrapped: { wrapped: 'x' } }],
      [3, { wrapped: 'y' }],
      [3, 'z'],
    ],
  );
  assert.equal((await checkJournal(database)).intact, true);
});

test('any interleaving of concurrent appends, refused ones and erasures verifies', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  const chains: ChainName[] = ['control', production, staging, 'bakery/dev'];
  const step = fc.record({
    chain: fc.constantFrom(...chains),
    payloads: fc.array(fc.jsonValue(), { maxLength: 3 }),
    kind: fc.constantFrom('append', 'append', 'append', 'refused', 'erase'),
  });
  let fence = 1;
  const heard: PositionedEvent[] = [];
  journal.onAppend((events) => heard.push(...events));
  const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    fence += 1;
    await Promise.all(
      steps.map(async ({ chain, payloads, kind }, n) => {
        if (kind === 'append')
          await journal.append(
            chain,
            fence,
            payloads.map((payload) => draft(payload)),
          );
        else if (kind === 'refused') await assert.rejects(journal.append(chain, fence, [draft(1), draft(1n)]));
        else
          await journal
            .erase(chain, n, { fence, actor: { kind: 'system', id: 'x' }, reason: 'r' })
            .catch(ignoreMissing);
      }),
    );
    const check = await checkJournal(database, { heads: await journal.heads() });
    assert.deepEqual(check.problems, []);
    assert.deepEqual(
      heard.map((event) => event.position),
      heard.map((_, index) => index + 1),
    );
  });
  await fc.assert(property, { numRuns: 25 });
});

function ignoreMissing(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code !== 'not-found' && code !== 'conflict') throw error;
}

function bytesOf(file: string): string {
  return readFileSync(file, 'latin1') + readFileSync(`${file}-wal`, 'latin1');
}
