import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkJournal } from './check-journal.ts';
import { startScript } from './child-script.ts';
import { openJournal } from './journal.ts';
import { openDatabase } from './open-database.ts';
import { draft, realSources, temporaryFolder } from './temporary-database.ts';

/** Appends for ever, three events and a row beside them at a time, and says what was acknowledged. */
const appendForEver = `
import { writeSync } from 'node:fs';
import { openDatabase } from './open-database.ts';
import { openJournal } from './journal.ts';
import { draft, realSources } from './temporary-database.ts';
const [file, chain, fence] = process.argv.slice(1);
const database = await openDatabase({ file });
const journal = openJournal(database, realSources());
process.on('unhandledRejection', (error) => {
  writeSync(1, 'refused ' + error.code + '\\n');
  process.exit(1);
});
for (;;) {
  const events = await journal.appendWith(chain, Number(fence), [draft(1), draft('x'.repeat(3000)), draft(3)], async (trx, [event]) => {
    await trx.insertInto('apps').values({ app: chain + event.sequence, created_at: 0, archived_at: null }).execute();
  });
  writeSync(1, 'acknowledged ' + events.at(-1).sequence + ' ' + events.at(-1).hash + '\\n');
}
`;

test(
  'SIGKILL while appending loses nothing that was acknowledged, and leaves no half append',
  { timeout: 180_000 },
  async (t) => {
    const file = join(temporaryFolder(t), 'lotse.sqlite');
    let acknowledgedBefore = 0;
    for (let round = 1; round <= 4; round += 1) {
      const child = startScript(t, appendForEver, file, 'shop/production', String(round));
      await child.line(`acknowledged ${acknowledgedBefore + 3 * 20} `);
      await child.kill('SIGKILL');
      const [, sequence = '', hash = ''] =
        child.lines.findLast((line) => line.startsWith('acknowledged'))?.split(' ') ?? [];
      const acknowledged = Number(sequence);
      const check = await checkJournal(file, { heads: { 'shop/production': { sequence: acknowledged, hash } } });
      assert.deepEqual(check.problems, []);
      const verified = check.chains[0]?.verified ?? 0;
      assert.ok(verified >= acknowledged && verified % 3 === 0, `${verified} of ${acknowledged}`);
      const database = await openDatabase({ file });
      const apps = await database.db.selectFrom('apps').select('app').execute();
      assert.equal(apps.length, verified / 3);
      await database.close();
      acknowledgedBefore = verified;
    }
  },
);

test(
  'two processes that append at once take turns; the one with the lower fence is refused',
  { timeout: 180_000 },
  async (t) => {
    const file = join(temporaryFolder(t), 'lotse.sqlite');
    const database = await openDatabase({ file });
    t.after(() => database.close());
    const journal = openJournal(database, realSources());
    const child = startScript(t, appendForEver, file, 'shop/staging', '5');
    await child.line('acknowledged 3 ');
    for (let n = 0; n < 100; n += 1) await journal.append('shop/production', 1, [draft(n)]);
    await assert.rejects(journal.append('shop/staging', 4, [draft('late')]), { code: 'fenced-off' });
    await journal.append('shop/staging', 6, [draft('the next owner')]);
    const before = child.lines.length;
    await journal.append('shop/staging', 6, [draft('stays')]);
    await child.kill('SIGKILL');
    assert.ok(child.lines.length >= before);
    const check = await checkJournal(database, { heads: await journal.heads() });
    assert.deepEqual(check.problems, []);
    assert.equal(check.chains.find(({ chain }) => chain === 'shop/production')?.verified, 100);
  },
);
