import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { migrationNames } from '../../src/database/migrations/migrations.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { settledMigrations, unsettledMigrations } from '../../src/database/state-version.ts';
import { checkJournal } from '../../src/database/check-journal.ts';
import { addressOf, parseServiceOrder, parseSlotRecord } from '../../src/ports/targets/slots/parse-records.ts';
import { ProxyControl } from '../../src/proxy/control-client.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { startProxy } from '../../src/proxy/start-proxy.ts';
import { shopManifest, shopTar, type Shop } from '../harness/shop-app.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { UpgradedLotse } from '../harness/upgraded-lotse.ts';
import { underLoad } from '../harness/watched-load.ts';

const repository = join(import.meta.dirname, '..', '..');
/** What the first version that was landed (46fbe0a) has left on a disk and said to others. */
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'first-landed');
const firstLanded = '46fbe0a';
const fixture = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

describe('what the first landed version has left', { timeout: 600_000 }, () => {
  test('its state gets what is new, and stays its own until that is settled', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-first-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'lotse.sqlite');
    const raw = new DatabaseSync(file);
    raw.exec(fixture('state.sql'));
    raw.close();
    const had = ['0001-journal', '0002-releases', '0003-evidence', '0004-accounts'];
    const database = await openDatabase({ file });
    t.after(() => database.close());
    assert.deepEqual(settledMigrations(database.sqlite), had);
    assert.deepEqual(
      unsettledMigrations(database.sqlite).map(({ name }) => name),
      migrationNames.slice(had.length),
    );
    const { intact, chains } = await checkJournal(file);
    assert.deepEqual([intact, chains.map(({ verified }) => verified)], [true, [4, 18]]);
    const release = await database.db.selectFrom('releases').select('release').executeTakeFirst();
    assert.deepEqual(release, { release: 'r1-aaaaaaa' });
  });

  test('its routing document is taken by today’s proxy, which tells its control plane all that it was told before', async (t) => {
    const lotse = await temporaryLotse(t);
    const [port = 0] = await freePorts(1);
    const folder = join(lotse.folder, 'proxy');
    mkdirSync(folder, { mode: 0o700 });
    const proxy = await startProxy({ stateDir: folder, nodePath: process.execPath, timeoutMs: 120_000 });
    const document = fixture('proxy-document.json')
      .replace(/"frontPort": \d+/, `"frontPort": ${lotse.frontPort}`)
      .replace(/"port": 8104/, `"port": ${port}`);
    const written = await callRaw(folder, 'PUT', '/document', document);
    assert.equal(written.status, 200, written.body);
    const status = await proxy.status();
    assert.deepEqual([status.controlProtocol, status.confirmed, status.version], [1, true, 4]);
    const told = JSON.parse(fixture('proxy-status.json'));
    for (const name of Object.keys(told)) assert.equal(kindOf(Reflect.get(status, name)), kindOf(told[name]), name);
    assert.deepEqual(
      Object.keys(Object(told.addresses[0])).filter((name) => !(name in Object(status.addresses[0]))),
      [],
    );
    await proxy.stop(0);
  });

  test('what its launcher has written of an instance is read, and where it answers is known', () => {
    const order = parseServiceOrder(Buffer.alloc(32), fixture('order.json'));
    assert.deepEqual(
      [order.app, order.environment, order.revision, order.slots],
      ['shop', 'production', 'production-1', 1],
    );
    assert.deepEqual(addressOf(parseSlotRecord(fixture('slot-record.json'))), { host: '127.0.0.1', port: 22_734 });
  });
});

describe('the first landed version itself under load', { timeout: 1_500_000, skip: whyNoHistory() }, () => {
  test('is upgraded, taken back and upgraded again without one failed request; its proxy and instances go on', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-first-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const archive = execFileSync('git', ['archive', firstLanded, 'src', 'bin', 'package.json'], {
      ...{ cwd: repository, maxBuffer: 2 ** 30 },
    });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
    const lotse = await UpgradedLotse.start(t, folder);
    const { whole } = lotse;
    const first = await deployBefore(lotse, { web: { instances: 2 } });
    const port = Number(new URL(first.addresses.at(-1) ?? '').port);
    const control = new ProxyControl(join(whole.state, 'proxy'));
    const { pid: proxy } = await control.status();
    let after: readonly number[] = [];
    const { load } = await underLoad(port, async () => {
      await lotse.upgraded();
      assert.equal(lotse.runs, repository);
      const back = await lotse.upgraded('--back');
      assert.match(back.stderr, /does not write this into its journal/);
      assert.equal(lotse.runs, folder);
      assert.equal((await viewBefore(lotse)).release, first.release);
      after = await pidsBefore(lotse);
      await lotse.upgraded();
    });
    assert.deepEqual(load.failures, {}, `of ${load.sent} requests`);
    t.diagnostic(`${load.sent} requests, none failed`);
    // It is of a time before proxies handed over to each other: it serves on, under both control planes.
    assert.equal((await control.status()).pid, proxy);
    assert.deepEqual(await pidsBefore(lotse), after);
  });
});

interface ViewBefore {
  readonly release: string | null;
  readonly addresses: readonly string[];
  readonly rollout: { readonly status: string } | null;
  readonly services: readonly { readonly slots: readonly { readonly pid: number }[] }[];
}

/** The shapes of that version are its own: only what it said then is read. */
async function viewBefore({ client }: UpgradedLotse): Promise<ViewBefore> {
  return (await client.ask('GET /apps/shop/environments/production')) as ViewBefore;
}

async function pidsBefore(lotse: UpgradedLotse): Promise<readonly number[]> {
  return (await viewBefore(lotse)).services.flatMap(({ slots }) => slots.map(({ pid }) => pid));
}

async function deployBefore(lotse: UpgradedLotse, shop: Shop): Promise<ViewBefore> {
  const { client } = lotse;
  const commit = 'a'.repeat(40);
  const begun = Object(
    await client.ask(`POST /apps/shop/releases?commit=${commit}`, await shopTar(shopManifest(shop))),
  );
  const build = await until('it is built', async () => {
    const seen = Object(await client.ask(`GET /apps/shop/builds/${begun.id}`));
    return seen.state !== 'building' && seen;
  });
  await client.ask('POST /apps/shop/environments/production/rollouts', { release: build.release.id });
  return await until('it is settled', async () => {
    const view = await viewBefore(lotse);
    return view.rollout?.status === 'settled' && view;
  });
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}

async function callRaw(folder: string, method: string, path: string, body: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly body: string }>();
  const asked = request({
    socketPath: join(folder, 'control.sock'),
    method,
    path,
    headers: { 'content-length': Buffer.byteLength(body) },
  });
  asked.once(
    'response',
    (answer) => void text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, body: said }), reject),
  );
  asked.once('error', reject).end(body);
  return await promise;
}

/** A checkout may have no history, and an exported tree none at all. */
function whyNoHistory(): string | false {
  try {
    execFileSync('git', ['cat-file', '-e', `${firstLanded}^{commit}`], { cwd: repository, stdio: 'ignore' });
    return false;
  } catch {
    return `git knows no commit ${firstLanded} here`;
  }
}
