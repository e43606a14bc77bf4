import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FlagdCore } from '@openfeature/flagd-core';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { ErrorCode, OpenFeature } from '@openfeature/server-sdk';
import { z } from 'zod';
import { flagHistory, flagList, newFlagKey } from '../../src/capabilities/flags/flags-api.ts';
import { journalEvent } from '../../src/capabilities/releases/releases-api.ts';
import { lotse } from '../harness/running-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const shop: Shop = {};
const at = '/apps/shop/environments/production';

function flagFile(more: object = {}, menu: object = {}): Readonly<Record<string, string>> {
  const flags = {
    menu: {
      state: 'ENABLED',
      variants: { new: 'new menu', old: 'old menu' },
      defaultVariant: 'old',
      targeting: { if: [{ ends_with: [{ var: 'email' }, '@shop.example'] }, 'new'] },
      lotse: { off: 'old' },
      ...menu,
    },
    hints: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' },
    ...more,
  };
  return { 'flags.flagd.json': JSON.stringify({ flags }, null, 2) };
}

interface World {
  readonly plane: TemporaryLotse;
  readonly run: (...words: readonly string[]) => Promise<string>;
  readonly key: () => Promise<string>;
}

async function world(t: TestContext): Promise<World> {
  const plane = await temporaryLotse(t);
  await plane.start();
  const run = async (...words: readonly string[]) => {
    const ran = await lotse([...words, '--app', 'shop', '--state', plane.state], { cwd: plane.folder });
    assert.equal(ran.exitCode, 0, ran.said);
    return ran.stdout;
  };
  const key = async () => newFlagKey.parse(await plane.client.ask(`POST ${at}/flag-keys`, { name: 'checkout' })).secret;
  return { plane, run, key };
}

async function deploy({ plane }: World, files: Readonly<Record<string, string>>): Promise<string> {
  const release = await plane.client.release(shop, { files });
  await plane.client.deploy(release.id);
  return release.id;
}

/** Asks at a port as a browser of the environment does. */
async function ask(port: number, path: string, more: { context?: object; headers?: Record<string, string> } = {}) {
  const sent = request({
    ...{ host: '127.0.0.1', port, path, agent: false, method: more.context === undefined ? 'GET' : 'POST' },
    headers: { 'content-type': 'application/json', ...more.headers },
  });
  sent.end(more.context === undefined ? undefined : JSON.stringify({ context: more.context }));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  const body = await text(answer);
  const json: unknown = /json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(body) : null;
  return { status: answer.statusCode ?? 0, headers: answer.headers, json };
}

/** A page of the environment; answers with what it shows, a line each. */
function page(t: TestContext, baseUrl: string): AsyncIterator<string> {
  const program = fileURLToPath(new URL('../harness/flag-page.ts', import.meta.url));
  const child = spawn(process.execPath, ['--experimental-eventsource', program, baseUrl], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  t.after(() => child.kill('SIGKILL'));
  return createInterface(child.stdout)[Symbol.asyncIterator]();
}

describe('flags', () => {
  test('travel with a release; what a person turned off stays off, whatever release comes or is gone back to', async (t) => {
    const it = await world(t);
    const { plane, run } = it;
    await deploy(it, flagFile());
    const key = await it.key();
    const provider = new OFREPProvider({ baseUrl: plane.plane.server, headers: [['Authorization', `Bearer ${key}`]] });
    await OpenFeature.setProviderAndWait(provider);
    t.after(() => OpenFeature.close());
    const client = OpenFeature.getClient();
    const menu = async (email: string) => await client.getStringDetails('menu', 'code', { targetingKey: 'u', email });

    const insider = await menu('me@shop.example');
    assert.deepEqual([insider.value, insider.variant, insider.reason], ['new menu', 'new', 'TARGETING_MATCH']);
    assert.equal((await menu('me@home.example')).value, 'old menu');
    assert.equal((await client.getBooleanDetails('nothing', false)).errorCode, 'FLAG_NOT_FOUND');

    assert.match(
      await run('flag', 'off', 'menu', 'production', '--reason', 'orders fail'),
      /menu is off: turned off here/,
    );
    assert.equal((await menu('me@shop.example')).variant, 'old');
    await deploy(
      it,
      flagFile(
        { fresh: { state: 'ENABLED', variants: { a: 1 }, defaultVariant: 'a' } },
        { metadata: { team: 'shop' } },
      ),
    );
    assert.equal((await menu('me@shop.example')).variant, 'old', 'a release turns nothing on');
    assert.equal((await client.getNumberDetails('fresh', 0)).value, 1);
    await plane.client.ended((await plane.client.rollBack()).id);
    assert.equal((await menu('me@shop.example')).variant, 'old', 'nor does a rollback');
    await until(
      'the flag is gone',
      async () => (await client.getNumberDetails('fresh', 0)).errorCode === ErrorCode.FLAG_NOT_FOUND,
    );
    await plane.restart();
    const again = new OFREPProvider({ baseUrl: plane.plane.server, headers: [['Authorization', `Bearer ${key}`]] });
    await OpenFeature.setProviderAndWait(again);
    assert.equal((await menu('me@shop.example')).variant, 'old', 'nor does a new start');

    await run('flag', 'reset', 'menu', 'production', '--reason', 'mended');
    assert.equal((await menu('me@shop.example')).variant, 'new');
    const events = z.array(journalEvent).parse(await plane.client.ask('GET /apps/shop/journal?last=1000'));
    const told = events.filter(({ type }) => type === 'flag-changed').map(({ reason }) => reason);
    assert.deepEqual(
      told.toSorted((a, b) => String(a).localeCompare(String(b))),
      ['mended', 'orders fail'],
    );
    const { versions } = flagHistory.parse(await plane.client.ask(`GET ${at}/flags/menu`));
    assert.deepEqual(
      versions.map(({ version, switched }) => [version, switched]),
      [
        [2, null],
        [1, 'off'],
      ],
    );
  });

  test('a page asks by the proxy, hears of a change at once, and is told to come back while the control plane is away', async (t) => {
    const it = await world(t);
    const { plane, run } = it;
    await deploy(it, flagFile());
    const port = await plane.port();
    const path = '/.lotse/flags/ofrep/v1/evaluate/flags';
    await until('the proxy knows', async () => (await ask(port, path, { context: {} })).status === 200);

    const lines = page(t, `http://127.0.0.1:${port}/.lotse/flags`);
    assert.equal((await lines.next()).value, 'old menu');

    const first = await ask(port, path, { context: { targetingKey: 'u' } });
    const etag = String(first.headers.etag);
    const same = await ask(port, path, { context: { targetingKey: 'u' }, headers: { 'if-none-match': etag } });
    assert.deepEqual([same.status, same.headers.etag], [304, etag]);
    const other = await ask(port, path, { context: { targetingKey: 'v' }, headers: { 'if-none-match': etag } });
    assert.equal(other.status, 200, 'the ETag is of flags and context');

    await run('flag', 'set', 'menu', 'production', 'new');
    const changed = await ask(port, path, { context: { targetingKey: 'u' }, headers: { 'if-none-match': etag } });
    assert.equal(changed.status, 200);
    assert.equal((await lines.next()).value, 'new menu', 'it heard of the change, and asked again');

    await plane.plane.end('SIGKILL');
    const away = await until('the proxy notices', async () => {
      const answer = await ask(port, path, { context: {} }).catch(() => null);
      return answer?.status === 503 && answer;
    });
    assert.match(String(away.headers['retry-after']), /^\d+$/);
    assert.equal((await ask(port, '/up')).status, 200, 'the app serves on');
  });

  test('flagd syncs from it, and comes to the same; a key ends when it is revoked', async (t) => {
    const it = await world(t);
    const { plane, run } = it;
    await deploy(it, flagFile({}, { targeting: undefined }));
    const key = await it.key();
    await run('flag', 'rollout', 'menu', 'production', 'new=25%');
    await run('flag', 'off', 'hints', 'production');
    const port = Number(new URL(plane.plane.server).port);
    const headers = { authorization: `Bearer ${key}` };
    const source = await ask(port, '/flagd/v1/flags.json', { headers });
    assert.equal(source.status, 200);
    const core = new FlagdCore();
    core.setConfigurations(JSON.stringify(source.json));
    let fresh = 0;
    for (let user = 0; user < 200; user += 1) {
      const context = { targetingKey: `user-${user}` };
      const own = await ask(port, '/ofrep/v1/evaluate/flags/menu', { headers, context });
      const { variant } = z.object({ variant: z.string() }).parse(own.json);
      assert.equal(core.resolveStringEvaluation('menu', 'code', context).variant, variant);
      if (variant === 'new') fresh += 1;
    }
    assert.ok(fresh > 30 && fresh < 75, `${fresh} of 200`);
    assert.equal(core.resolveBooleanEvaluation('hints', true, {}).reason, 'DISABLED');
    const known = { ...headers, 'if-none-match': String(source.headers.etag) };
    assert.equal((await ask(port, '/flagd/v1/flags.json', { headers: known })).status, 304);

    const [listed] = z.array(z.object({ key: z.string() })).parse(await plane.client.ask(`GET ${at}/flag-keys`));
    await run('flag', 'keys', 'revoke', 'production', listed?.key ?? '');
    assert.equal((await ask(port, '/flagd/v1/flags.json', { headers })).status, 401);
    assert.ok(!plane.problems.some((line) => line.includes(key)));
    const files = [plane.databaseFile, `${plane.databaseFile}-wal`].filter((file) => existsSync(file));
    assert.ok(!files.some((file) => readFileSync(file).includes(key)), 'only its hash is stored');
    const { flags } = flagList.parse(await plane.client.ask(`GET ${at}/flags`));
    assert.deepEqual(
      flags.map(({ flag, usedAt }) => [flag, usedAt !== null]),
      [
        ['hints', false],
        ['menu', true],
      ],
    );
    assert.match(await run('flag', 'stale', 'production'), /hints +never +yes/);
  });

  test('a file that is not right makes no release, and says where', async (t) => {
    const { plane } = await world(t);
    const loop = { $evaluators: { a: { '!': { $ref: 'b' } }, b: { $ref: 'a' } }, flags: {} };
    const files = { 'flags.flagd.json': JSON.stringify(loop, null, 2) };
    await assert.rejects(
      plane.client.release(shop, { files }),
      /flags\.flagd\.json:9:15 .*leads back to itself: a → b → a/,
    );
  });
});
