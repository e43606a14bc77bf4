import assert from 'node:assert/strict';
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { checkJournal } from './check-journal.ts';
import type { JournalCheck } from './check-journal.ts';
import { draft, temporaryDatabase, temporaryFolder } from './temporary-database.ts';

/** Two chains, interleaved; event 3 of `shop/production` is the one that the tests change. */
async function writtenFile(t: TestContext) {
  const { database, journal, file } = await temporaryDatabase(t);
  for (let n = 1; n <= 5; n += 1) {
    await journal.append('shop/production', 1, [draft({ n }, { correlationId: 'c' })]);
    await journal.append('control', 1, [draft({ n })]);
  }
  const heads = await journal.heads();
  await database.close();
  return { file, heads };
}

async function changed(t: TestContext, sql: string): Promise<{ withHeads: JournalCheck; without: JournalCheck }> {
  const { file, heads } = await writtenFile(t);
  const before = await checkJournal(file, { heads });
  assert.deepEqual([before.intact, before.problems], [true, []]);
  const raw = new DatabaseSync(file);
  raw.exec(sql);
  raw.close();
  return { withHeads: await checkJournal(file, { heads }), without: await checkJournal(file) };
}

const third = `where chain = 'shop/production' and sequence = 3`;
const changes: readonly (readonly [column: string, sql: string, kind: string])[] = [
  ['position (to the end)', `update journal set position = 99 ${third}`, 'broken-hash'],
  ['chain', `update journal set chain = 'shop/other' ${third}`, 'gap'],
  ['sequence', `update journal set sequence = 33 ${third}`, 'gap'],
  ['id', `update journal set id = 'x' ${third}`, 'broken-hash'],
  ['type', `update journal set type = 'x' ${third}`, 'broken-hash'],
  ['version', `update journal set version = 2 ${third}`, 'broken-hash'],
  ['at', `update journal set at = at + 1 ${third}`, 'broken-hash'],
  ['actor_kind', `update journal set actor_kind = 'person' ${third}`, 'broken-hash'],
  ['actor_id', `update journal set actor_id = 'x' ${third}`, 'broken-hash'],
  ['correlation_id', `update journal set correlation_id = null ${third}`, 'broken-hash'],
  ['body', `update journal set body = replace(body, '3', '4') ${third}`, 'changed-payload'],
  ['body (removed)', `update journal set body = null ${third}`, 'changed-payload'],
  ['salt', `update journal set salt = 'x' ${third}`, 'changed-payload'],
  ['salt (removed)', `update journal set salt = null ${third}`, 'changed-payload'],
  ['body and salt (removed)', `update journal set body = null, salt = null ${third}`, 'erased-without-record'],
  ['payload_hash', `update journal set payload_hash = hash ${third}`, 'broken-hash'],
  ['hash', `update journal set hash = payload_hash ${third}`, 'broken-hash'],
  ['the whole row', `delete from journal ${third}`, 'gap'],
];

for (const [column, sql, kind] of changes) {
  test(`a change of ${column} is seen at the first bad event, without heads from elsewhere`, async (t) => {
    const { without } = await changed(t, sql);
    const found = without.problems.find((problem) => problem.chain === 'shop/production');
    assert.equal(without.intact, false);
    assert.ok(found !== undefined);
    const expectedAt = column.startsWith('position') ? 4 : 3;
    assert.deepEqual([found.kind, found.sequence], [kind, expectedAt]);
    assert.match(found.advice, /damaged-journal/);
    const control = without.chains.find((chain) => chain.chain === 'control');
    assert.deepEqual([control?.verified, control?.firstBad], [5, null]);
  });
}

test('a changed position that keeps the order within its chain leaves a gap over all chains', async (t) => {
  const { without } = await changed(t, `update journal set position = 99 where chain = 'control' and sequence = 5`);
  assert.deepEqual(
    without.problems.map(({ kind, chain }) => [kind, chain]),
    [['gap', null]],
  );
});

test('a cut tail is seen even when the chain was made to look whole, once a head was kept elsewhere', async (t) => {
  const cut = `delete from journal where chain = 'shop/production' and sequence >= 4;`;
  const simple = await changed(t, cut);
  assert.deepEqual(simple.without.problems.map(({ kind, sequence }) => [kind, sequence])[0], ['cut-tail', 4]);
  const careful = await changed(
    t,
    `${cut} update journal_heads set sequence = 3, hash = (select hash from journal ${third}) where chain = 'shop/production';
     create temp table numbers as select position as old, row_number() over (order by position) as new from journal;
     update journal set position = -(select new from numbers where old = position);
     update journal set position = -position;
     update sqlite_sequence set seq = 8 where name = 'journal';`,
  );
  assert.deepEqual(careful.without.problems, []);
  const [problem] = careful.withHeads.problems;
  assert.deepEqual([problem?.kind, problem?.sequence, problem?.chain], ['cut-tail', 4, 'shop/production']);
  assert.match(problem?.message ?? '', /ends at event 3, but 5 were written/);
});

test('a chain that was written anew is seen by a head from elsewhere', async (t) => {
  const { file, heads } = await writtenFile(t);
  const other = await writtenFile(t);
  assert.deepEqual((await checkJournal(other.file)).problems, []);
  const check = await checkJournal(other.file, { heads });
  assert.deepEqual(
    check.problems.map(({ kind, sequence }) => [kind, sequence]),
    [
      ['other-history', 5],
      ['other-history', 5],
    ],
  );
  const gone = await checkJournal(file, { heads: { ...heads, 'shop/gone': { sequence: 2, hash: 'x' } } });
  assert.deepEqual(
    gone.problems.map(({ kind, chain, sequence }) => [kind, chain, sequence]),
    [['cut-tail', 'shop/gone', 1]],
  );
});

test('a journal that has grown since a head was kept elsewhere is intact', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append('control', 1, [draft(1)]);
  const heads = await journal.heads();
  await journal.append('control', 1, [draft(2)]);
  assert.equal((await checkJournal(database, { heads })).intact, true);
});

test('a check beside a writing control plane takes new events for what they are', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await journal.append(
    'control',
    1,
    Array.from({ length: 1200 }, (_, n) => draft(n)),
  );
  const heads = await journal.heads();
  let stop = false;
  const appending = (async () => {
    for (; !stop; await setImmediate()) await journal.append('control', 1, [draft('meanwhile')]);
  })();
  const check = await checkJournal(database, { heads });
  stop = true;
  await appending;
  assert.deepEqual(check.problems, []);
  const verified = check.chains[0]?.verified ?? 0;
  assert.ok(verified >= 1200 && verified < (await journal.lastPosition()), String(verified));
});

test('a file that is no database, cut short or overwritten inside is a result with advice, not a crash', async (t) => {
  const { file } = await writtenFile(t);
  const folder = temporaryFolder(t);
  const copy = (name: string): string => {
    copyFileSync(file, join(folder, name));
    return join(folder, name);
  };
  const garbage = copy('garbage.sqlite');
  writeFileSync(garbage, 'this is no database, '.repeat(1000));
  const half = copy('half.sqlite');
  truncateSync(half, 40_960);
  const empty = copy('empty.sqlite');
  truncateSync(empty, 0);
  for (const damaged of [garbage, half, empty]) {
    const check = await checkJournal(damaged);
    assert.deepEqual([check.intact, check.problems[0]?.kind], [false, 'unreadable'], damaged);
    assert.match(check.problems[0]?.advice ?? '', /damaged-journal/);
  }
  await assert.rejects(checkJournal(join(folder, 'nowhere.sqlite')), { code: 'not-found' });
});
