import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import type { ReleaseView } from '../../src/capabilities/releases/releases-api.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { visit } from '../harness/visit.ts';

const coloured = (colour: string, more: Shop = {}): Shop => ({ config: { COLOUR: colour }, ...more });

describe('a deploy without a proven way back', () => {
  let old: ReleaseView;
  let next: ReleaseView;

  const lotse = sharedLotse(async (lotse) => {
    // Another file in the source: old and new must not be one artifact, or one config version.
    old = await lotse.client.release(coloured('blue'), { files: { 'colour.txt': 'blue' } });
    next = await lotse.client.release(coloured('red'), { files: { 'colour.txt': 'red' } });
    await lotse.client.deploy(old.id);
  });
  beforeEach(async () => {
    assert.equal((await lotse().client.environment()).release, old.id);
  });

  /** Plan and deploy say so; nothing was started, written to the journal, or taken from users. */
  async function assertNotProven(gate: string, message: RegExp, release = next): Promise<void> {
    const plan = await lotse().client.plan(release.id);
    const found = plan.gates.find((each) => each.gate === gate);
    assert.equal(found?.state, 'not-proven');
    assert.match(found.message, message);
    const before = { starts: lotse().stored('starts.log'), head: headOf(lotse()) };
    const refusal = await lotse().client.refusedStart(release.id);
    assert.equal(refusal.status, 409);
    assert.equal(refusal.code, 'not-proven');
    assert.match(refusal.detail, message);
    assert.match(refusal.hint ?? '', /lotse override production proof:/);
    assert.deepEqual({ starts: lotse().stored('starts.log'), head: headOf(lotse()) }, before);
    assert.equal((await visit(await lotse().port())).body, old.id);
  }

  async function assertProven(): Promise<void> {
    const plan = await lotse().client.plan(next.id);
    assert.deepEqual(
      plan.gates.filter((gate) => gate.state !== 'open'),
      [],
    );
  }

  test('is proven while everything is there', assertProven);

  test('is refused when the old artifact is gone', async () => {
    const folder = artifactFolderOf(lotse(), old);
    renameSync(folder, `${folder}-away`);
    await assertNotProven('proof:artifact', new RegExp(`The artifact of ${old.id} is gone`));
    renameSync(`${folder}-away`, folder);
    await assertProven();
  });

  test('is refused when the old config version is gone', async () => {
    const row = takeRow(lotse(), 'config_versions', `document like '%blue%'`);
    await assertNotProven('proof:config', new RegExp(`Config version .* of ${old.id} is gone`));
    row.putBack();
    await assertProven();
  });

  test('is refused when the record of the previous revision is gone', async () => {
    const row = takeRow(lotse(), 'revisions', `revision = 'production-1'`);
    await assertNotProven('proof:revision', /The record of revision production-1 is gone/);
    row.putBack();
    await assertProven();
  });

  test('is refused when old and new do not fit side by side', async () => {
    const memory = `${Math.ceil((totalmem() / 1e9) * 2)} GB`;
    const large = await lotse().client.release(coloured('red', { web: { memory } }));
    await assertNotProven('proof:room', /Memory is short: .* needed, .* free/, large);
  });

  test('is refused by a control plane that starts after the proof was lost', async () => {
    await lotse().plane.end('SIGTERM');
    const folder = artifactFolderOf(lotse(), old);
    execFileSync('chmod', ['-R', 'u+rwX', folder]);
    rmSync(folder, { recursive: true });
    await lotse().start();
    await assertNotProven('proof:artifact', new RegExp(`The artifact of ${old.id} is gone`));

    const reason = 'we rather go on than back';
    const override = { gate: 'proof:artifact', release: next.id, reason };
    await lotse().client.ask('POST /apps/shop/environments/production/overrides', override);
    const plan = await lotse().client.plan(next.id);
    assert.equal(plan.gates.find(({ gate }) => gate === 'proof:artifact')?.state, 'overridden');
    await lotse().client.deploy(next.id);
    assert.equal((await visit(await lotse().port())).body, next.id);
    old = next;
  });
});

/** Sequence of the environment's latest event. */
function headOf(lotse: TemporaryLotse): unknown {
  let head: unknown = null;
  lotse.changeDatabase((database) => {
    head = database.prepare(`select sequence from journal_heads where chain = 'shop/production'`).get()?.['sequence'];
  });
  return head;
}

function artifactFolderOf(lotse: TemporaryLotse, { artifact }: ReleaseView): string {
  const record = join(lotse.state, 'builds/records/artifacts/shop', `${artifact.replace('sha256:', '')}.json`);
  return join(lotse.state, 'builds/artifacts/shop', String(JSON.parse(readFileSync(record, 'utf8')).folder));
}

/** Takes one row away behind the control plane's back. */
function takeRow(lotse: TemporaryLotse, table: 'config_versions' | 'revisions', where: string) {
  const taken: Record<string, unknown>[] = [];
  lotse.changeDatabase((database) => {
    taken.push(...database.prepare(`select * from ${table} where ${where}`).all());
    database.exec(`delete from ${table} where ${where}`);
  });
  assert.equal(taken.length, 1);
  return {
    putBack: () =>
      lotse.changeDatabase((database) => {
        for (const row of taken) {
          const names = Object.keys(row);
          const places = names.map(() => '?').join(', ');
          const values = Object.values(row).map((value) => (typeof value === 'number' ? value : String(value)));
          database.prepare(`insert into ${table} (${names.join(', ')}) values (${places})`).run(...values);
        }
      }),
  };
}
