import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { journalCheck, type ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import type { ControlPlaneOptions } from '../harness/control-plane-process.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { visit } from '../harness/visit.ts';

async function takenPort(t: { after(end: () => void): void }): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a front port that is taken is said before anything starts', async (t) => {
  const lotse = await temporaryLotse(t);
  const port = await takenPort(t);
  const started = await lotse.tryStart({ frontPort: port });
  assert.ok(started.kind === 'problem');
  assert.deepEqual([started.code, started.exitCode], ['port-taken', 22]);
  assert.match(started.message, new RegExp(`Port ${port}`));
  assert.match(started.hint, /--front-port/);
  await lotse.start();
});

describe('a control plane that cannot start', () => {
  let release: ReleaseView;
  let port: number;
  const lotse = sharedLotse(async (fresh) => {
    release = await fresh.client.release({});
    await fresh.client.deploy(release.id);
    port = await fresh.port();
  });

  /** It says what and why; the app serves on. */
  async function problemOf(options: Partial<ControlPlaneOptions> = {}) {
    const started = await lotse().tryStart(options);
    assert.ok(started.kind === 'problem', 'it started');
    assert.equal((await visit(port)).body, release.id);
    return started;
  }

  async function assertWhole(): Promise<void> {
    const environment = await lotse().client.environment();
    assert.equal(environment.release, release.id);
    assert.equal(lotse().stored('starts.log').length, 1, 'the instance was adopted');
    assert.equal(journalCheck.parse(await lotse().client.ask('GET /journal/check')).ok, true);
  }

  test('because its API port is taken names the port and the option', async (t) => {
    await lotse().plane.end('SIGTERM');
    const taken = await takenPort(t);
    const problem = await problemOf({ port: taken });
    assert.deepEqual([problem.code, problem.exitCode], ['port-taken', 22]);
    assert.match(problem.message, new RegExp(`Port ${taken}`));
    assert.match(problem.hint, /--listen/);
    await lotse().start();
    await assertWhole();
  });

  test('because another one owns the state names its process', async () => {
    const [frontPort = 0] = await freePorts(1);
    const problem = await problemOf({ frontPort });
    assert.deepEqual([problem.code, problem.exitCode], ['locked', 24]);
    assert.match(problem.message, new RegExp(`process ${lotse().plane.pid} `));
    assert.match(problem.hint, new RegExp(`kill ${lotse().plane.pid}.*Nothing needs to be deleted`));
    await assertWhole();
  });

  /** Stops it, changes the database, expects a refusal, puts the copy back, and starts again. */
  async function refusedAfter(change: (database: DatabaseSync) => void) {
    await lotse().plane.end('SIGTERM');
    const folder = dirname(lotse().databaseFile);
    const copy = join(lotse().folder, 'copy');
    cpSync(folder, copy, { recursive: true });
    lotse().changeDatabase(change);
    const problem = await problemOf();
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true });
    rmSync(copy, { recursive: true });
    await lotse().start();
    await assertWhole();
    return problem;
  }

  test('because a newer Lotse wrote the state says which one can', async () => {
    const problem = await refusedAfter((database) => {
      database.exec(`insert into kysely_migration (name, timestamp) values ('0099-tomorrow', '2030-01-01T00:00:00Z')`);
    });
    assert.deepEqual([problem.code, problem.exitCode], ['state-too-new', 27]);
    assert.match(problem.message, /0099-tomorrow/);
    assert.match(problem.hint, /Start Lotse .* or later/);
  });

  test('because a payload was changed says where, and how to recover', async () => {
    const problem = await refusedAfter((database) => {
      const where = `chain = 'shop/production' and type = 'rollout-live'`;
      database.exec(`update journal set body = replace(body, 'shift', 'shaft') where ${where}`);
    });
    assert.deepEqual([problem.code, problem.exitCode], ['journal-damaged', 26]);
    assert.match(
      problem.message,
      /Journal of shop\/production: the payload of event \d+ \(rollout-live\) is not what was/,
    );
    assert.match(problem.hint, /keep a copy of the state folder, then put back a backup/);
  });

  test('because its tail was cut with care is told so by what the proxy kept', async () => {
    const problem = await refusedAfter((database) => {
      const where = `chain = 'shop/production'`;
      const ends = `(select max(position) from journal where ${where})`;
      const last = database.prepare(`select max(position) as last from journal`).get()?.['last'];
      const own = database.prepare(`select max(position) as last from journal where ${where}`).get()?.['last'];
      database.exec(`delete from journal where position >= ${ends}`);
      assert.ok(Number(own) <= Number(last));
      database.exec(`delete from journal_heads`);
      database.exec(
        `insert into journal_heads (chain, sequence, hash, fence)
         select chain, sequence, hash, 1 from journal as j
         where sequence = (select max(sequence) from journal where chain = j.chain)`,
      );
      database.exec(`update sqlite_sequence set seq = (select max(position) from journal) where name = 'journal'`);
    });
    assert.deepEqual([problem.code, problem.exitCode], ['journal-damaged', 26]);
    assert.match([problem.message, ...problem.details].join('\n'), /it ends at event \d+, but \d+ were written/);
    assert.match(problem.hint, /put back a backup/);
  });
});
