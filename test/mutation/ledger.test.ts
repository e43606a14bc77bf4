import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Ledger } from './ledger.ts';

it('a campaign that was interrupted in the middle of a line goes on behind the last whole one', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-ledger-'));
  test.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'verdicts.jsonl');
  const ledger = new Ledger(path, false);
  ledger.write({ id: '1', kind: 'alive' }, 20);
  ledger.write({ id: '1', kind: 'survived', voyages: 3 }, 30);
  appendFileSync(path, '{"id":"2","kind":"ki');
  const again = new Ledger(path, true);
  assert.deepEqual([again.of('1'), again.of('2')], [{ id: '1', kind: 'survived', voyages: 3, tookMs: 50 }, null]);
  again.write({ id: '2', kind: 'alive' }, 1);
  assert.deepEqual(new Ledger(path, true).of('2'), { id: '2', kind: 'alive', tookMs: 1 });
  assert.equal(new Ledger(path, false).of('1'), null);
});
