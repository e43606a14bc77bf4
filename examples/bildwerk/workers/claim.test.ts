import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ClaimFile, mayTakeFrom, ownReleaseFirstMs } from './claim.ts';

const work = { marked: false, release: 'new', uploadedAt: 1_000 };

test('a claim opens the work it names', () => {
  assert.equal(mayTakeFrom('none', work, 'new'), undefined);
  assert.equal(mayTakeFrom('none', { ...work, marked: true }, 'new'), undefined);
  assert.equal(mayTakeFrom('marked', work, 'new'), undefined);
  assert.equal(mayTakeFrom('marked', { ...work, marked: true }, 'new'), 0);
  assert.equal(mayTakeFrom('all', work, 'old'), 0);
});

test('marked work waits for its own release first, then it is for anybody', () => {
  assert.equal(mayTakeFrom('all', { ...work, marked: true }, 'old'), 1_000 + ownReleaseFirstMs);
  assert.equal(mayTakeFrom('marked', { ...work, marked: true }, 'old'), 1_000 + ownReleaseFirstMs);
});

test('without a claim file all work may be taken', () => {
  assert.equal(new ClaimFile(undefined).read(), 'all');
});

test('a claim file that is not there or half written changes nothing; at the start that is none', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bildwerk-claim-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'claim');
  const file = new ClaimFile(path);
  assert.equal(file.read(), 'none');
  await writeFile(path, 'all\n');
  assert.equal(file.read(), 'all');
  await writeFile(path, 'mar');
  assert.equal(file.read(), 'all');
  await writeFile(path, 'marked');
  assert.equal(file.read(), 'marked');
  await rm(path);
  assert.equal(file.read(), 'marked');
});
