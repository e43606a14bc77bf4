import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { closedFolderAbove, defaultUserRange, openUsers } from './users.ts';

test('an environment keeps its user, and no two have the same', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'users.json');
  const small = { first: 70_000, count: 3 };
  const users = await openUsers(file, small);
  const given = await Promise.all(
    ['dev', 'staging', 'production'].map((environment) => users.of({ app: 'a', environment })),
  );
  assert.deepEqual(
    given.toSorted((a, b) => a - b),
    [70_000, 70_001, 70_002],
  );
  const later = await openUsers(file, defaultUserRange);
  assert.equal(await later.of({ app: 'a', environment: 'staging' }), given[1]);
  await assert.rejects((await openUsers(file, small)).of({ app: 'b', environment: 'dev' }), /are taken/);
});

test('a folder that others may not enter is named', async () => {
  await using folder = await temporaryFolder();
  const closed = join(folder.path, 'home');
  await mkdir(join(closed, 'state/run'), { recursive: true });
  await chmod(folder.path, 0o711);
  await chmod(closed, 0o700);
  assert.equal(await closedFolderAbove(join(closed, 'state/run/x')), closed);
  await chmod(closed, 0o711);
  assert.equal(await closedFolderAbove(join(closed, 'state/run/x')), null);
});

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'lotse-users-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
