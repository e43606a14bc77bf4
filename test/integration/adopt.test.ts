import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { lotse as runLotse } from '../harness/running-lotse.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { shopManifest, type Shop } from '../harness/shop-app.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { underLoad } from '../harness/watched-load.ts';

/** An ordinary HTTP server that knows nothing of Lotse, and writes down each signal that it gets. */
const oldApp = `
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
const [port, log] = process.argv.slice(2);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGCONT'])
  process.on(signal, () => appendFileSync(log, signal + '\\n'));
createServer((request, response) => {
  request.resume();
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    return void setInterval(() => response.write('data: old\\n\\n'), 50);
  }
  setTimeout(() => response.end('old'), 20);
}).listen(Number(port), '127.0.0.1', () => console.log('listens'));
`;

class OldApp {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #log: string;

  private constructor(child: ChildProcess, port: number, log: string) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = child;
    this.#log = log;
  }

  static async start(folder: string, port: number): Promise<OldApp> {
    const [program, log] = [join(folder, 'old-app.mjs'), join(folder, 'signals.log')];
    writeFileSync(program, oldApp);
    writeFileSync(log, '');
    const child = spawn(process.execPath, [program, String(port), log], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the old app has ended')));
    ended.catch(() => undefined);
    if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), ended]);
    return new OldApp(child, port, log);
  }

  get isUntouched(): boolean {
    const { exitCode, signalCode } = this.#child;
    return exitCode === null && signalCode === null && readFileSync(this.#log, 'utf8') === '';
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** A folder with lotse.yaml and compose.yaml, as it lies on the machine of its team. */
function teamFolder(lotse: TemporaryLotse, shop: Shop, port: number): string {
  const folder = join(lotse.folder, 'team');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'lotse.yaml'), shopManifest(shop));
  const services = `  db: { image: "postgres:16", ports: ["5432:5432"] }\n  web: { build: ., ports: ["${port}:3000"] }\n`;
  writeFileSync(join(folder, 'compose.yaml'), `services:\n${services}`);
  return folder;
}

/** What a visitor of the name gets through the shared front port. */
async function byName(lotse: TemporaryLotse): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { host: 'shop.localhost' };
  get({ host: '127.0.0.1', port: lotse.frontPort, agent: false, headers }, (answer) => {
    text(answer).then(resolve, reject);
  }).on('error', reject);
  return await promise;
}

/** An event stream; `next` resolves with the next piece, and rejects when there will be none. */
async function openStream(port: number) {
  const opened = get({ host: '127.0.0.1', port, path: '/events', agent: false });
  const [answer]: IncomingMessage[] = await once(opened, 'response');
  if (answer === undefined) throw new Error('no answer');
  await once(answer, 'data');
  const ended = once(answer, 'close').then(() => Promise.reject(new Error('the stream has ended')));
  ended.catch(() => undefined);
  return {
    next: async () => void (await Promise.race([once(answer, 'data'), ended])),
    close: () => void opened.destroy(),
  };
}

/** Its story passes while nobody gets it, and fails through the public route: by then it has users. */
const brokenStory = `if (process.env.LOTSE_PINNED !== '1') throw new Error('broken for its users');`;

describe('an app that serves already', () => {
  const shop: Shop = { production: { domains: ['shop.localhost'] } };
  const lotse = sharedLotse();
  const run = async (...line: readonly string[]) =>
    await runLotse([...line, '--state', lotse().state], { cwd: teamFolder(lotse(), shop, port) });
  let port = 0;
  let old: OldApp | null = null;
  after(async () => await old?.end());
  const isUntouched = () => old?.isUntouched === true;

  test('is not adopted while nothing answers, behind TLS, by a path, or where Lotse itself answers', async () => {
    [port = 0] = await freePorts(1);
    const nobody = await run('adopt', 'production', `http://127.0.0.1:${port}`);
    assert.equal(nobody.exitCode, 20, nobody.said);
    assert.match(nobody.said, /Nothing can be adopted: http:\/\/127\.0\.0\.1:\d+: nobody listens there/);
    old = await OldApp.start(lotse().folder, port);
    for (const [url, why] of [
      [`https://127.0.0.1:${port}`, /is behind TLS, and Lotse speaks plain HTTP/],
      [`${old.url}/shop`, /every path is routed as it comes/],
      [`http://shop.example:${port}`, /a name, which may lead elsewhere/],
      [`127.0.0.1:${port}`, /is not the address of an HTTP server/],
    ] as const) {
      const refused = await run('adopt', 'production', url);
      assert.deepEqual([refused.exitCode, why.test(refused.said)], [2, true], refused.said);
    }
    const undeclared = await run('adopt', 'productoin', old.url);
    assert.equal(undeclared.exitCode, 5, undeclared.said);
    assert.equal((await lotse().client.refusal('GET /apps/shop/environments/production')).code, 'not-found');
  });

  test('is proposed from compose.yaml where nobody names it, and not taken without a person', async () => {
    const proposed = await run('adopt', 'production');
    assert.equal(proposed.exitCode, 2, proposed.said);
    assert.match(proposed.said, new RegExp(`compose.yaml:3 publishes web at http://127.0.0.1:${port}`));
    assert.match(proposed.said, new RegExp(`lotse adopt production http://127.0.0.1:${port}`));
  });

  test('is release 0 by one command: routed to, by name and by port, in the journal with its reason', async () => {
    const adopted = await run('adopt', 'production', old?.url ?? '', '--reason', 'it serves today');
    assert.equal(adopted.exitCode, 0, adopted.said);
    assert.match(adopted.stdout, /^production adopted {2}r0 at http:\/\/127\.0\.0\.1:\d+ {2}http:\/\/shop\.localhost/m);
    assert.equal(await byName(lotse()), 'old');
    assert.equal((await visit(await lotse().port())).body, 'old');
    const environment = await lotse().client.environment();
    assert.deepEqual([environment.release, environment.mode, environment.upstream], ['r0', 'adopted', old?.url]);
    const journal = (await run('journal', '--json')).stdout;
    assert.match(journal, /"upstream-adopted"/);
    assert.match(journal, /"it serves today"/);
    const status = await run('status', 'production');
    assert.match(status.stdout, /^production {2}r0 {2}adopted/m);
    assert.match(status.stdout, /adopted as r0 +http:/);
    const again = await run('adopt', 'production', old?.url ?? '', '--json');
    assert.equal(again.exitCode, 0, again.said);
    assert.equal(JSON.parse(again.stdout).since, environment.since);
  });

  test('takes a changed lotse.yaml when it is adopted again, unless that weakens something', async () => {
    const adoptFrom = async (changed: Shop) => {
      const definition = { manifest: shopManifest(changed), hasDockerfile: false, checklists: {} };
      const at = 'POST /apps/shop/environments/production/adopt';
      await lotse().client.ask(at, { url: old?.url ?? '', definition });
      return (await lotse().client.environment()).domains;
    };
    const domains = ['shop.localhost', 'www.shop.localhost'];
    assert.deepEqual(await adoptFrom({ watch: '0s', production: { domains } }), ['shop.localhost'], 'a shorter watch');
    assert.deepEqual(await adoptFrom({ production: { domains } }), domains);
    assert.deepEqual(await adoptFrom(shop), ['shop.localhost']);
  });

  test('and the proxy of Lotse is not adopted as what serves', async () => {
    const circle = await run('adopt', 'production', `http://127.0.0.1:${await lotse().port()}`);
    assert.equal(circle.exitCode, 2, circle.said);
    assert.match(circle.said, /requests would run in a circle/);
  });

  test('has its users back from a first release that fails them, and its names; no request is lost', async () => {
    const files = { 'verify.mjs': brokenStory };
    const { id: release } = await lotse().client.release({ verify: true }, { files });
    const plan = await lotse().client.plan(release);
    assert.equal(plan.before, 'r0');
    assert.match(plan.notes.join('; '), /the way back is what was adopted: http:\/\/127\.0\.0\.1:\d+ goes on running/);
    const proof = plan.gates.find(({ gate }) => gate === 'proof:revision');
    assert.match(proof?.message ?? '', /What was adopted is there: http:\/\/127\.0\.0\.1:\d+ answers \(200\)/);
    const { value, load } = await underLoad(await lotse().port(), async () => {
      const { id } = await lotse().client.start(release);
      return await lotse().client.ended(id);
    });
    assert.deepEqual([value.status, value.cause?.kind, value.before], ['returned', 'verification-failed', 'r0']);
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies).toSorted(), ['old', release], 'it had users');
    assert.equal((await lotse().client.environment()).release, 'r0');
    await until('the names of the upstream are back', async () => (await byName(lotse())) === 'old');
    assert.ok(isUntouched());
  });

  let first = '';
  test('hands its users over to the first release that is good; no request is lost', async () => {
    first = (await lotse().client.release({ ...shop, verify: true })).id;
    const stream = await openStream(await lotse().port());
    const { value, load } = await underLoad(await lotse().port(), async () => await lotse().client.deploy(first));
    assert.deepEqual([value.status, value.strategy], ['settled', 'blue-green']);
    await stream.next();
    stream.close();
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies).toSorted(), ['old', first]);
    assert.equal(await byName(lotse()), first);
    const environment = await lotse().client.environment();
    assert.deepEqual([environment.release, environment.previousRelease], [first, 'r0']);
    assert.ok(isUntouched());
    const late = await run('adopt', 'production', old?.url ?? '');
    assert.equal(late.exitCode, 6, late.said);
  });

  test('gets them again by `lotse rollback`, also when that release has settled; no request is lost', async () => {
    const planned = await run('plan', 'production', '--rollback');
    assert.equal(planned.exitCode, 0, planned.said);
    assert.match(planned.stdout, /back to r0 {2}blue-green, takes the place of/);
    assert.match(planned.stdout, /send all requests back to http:/);
    assert.match(planned.stdout, /artifact +artifact +sha256:\w+ → –/);
    const { value, load } = await underLoad(await lotse().port(), async () => await run('rollback', 'production'));
    assert.equal(value.exitCode, 0, value.said);
    assert.match(value.stdout, /^production back on {2}r0/m);
    assert.deepEqual(load.failures, {});
    assert.deepEqual(Object.keys(load.bodies).toSorted(), ['old', first]);
    await until('nothing of the release runs', async () => {
      const environment = await lotse().client.environment();
      return environment.rollout?.status === 'settled' && environment.services.every(({ slots }) => slots.length === 0);
    });
    const environment = await lotse().client.environment();
    assert.deepEqual([environment.release, environment.mode], ['r0', 'adopted']);
    assert.equal(await byName(lotse()), 'old');
    assert.ok(isUntouched());
  });

  test('runs on when the environment is taken down, and is adopted again', async () => {
    const down = await run('down', 'production', '--yes', 'production');
    assert.match(down.stdout, /was adopted: Lotse does not stop it/);
    await until('the maintenance page is there', async () => (await visit(await lotse().port())).status === 503);
    assert.equal((await lotse().client.environment()).upstream, null);
    assert.equal((await run('adopt', 'production', old?.url ?? '')).exitCode, 0);
    assert.equal(await byName(lotse()), 'old');
    assert.ok(isUntouched());
  });

  test('is a way back that must answer: a deploy over one that is gone is refused as not proven', async () => {
    const { id: next } = await lotse().client.release(shop);
    await old?.end();
    const refused = await lotse().client.refusedStart(next);
    assert.equal(refused.code, 'not-proven');
    assert.match(refused.detail, /which was adopted and would be gone back to: nobody listens there/);
    const body = { gate: 'proof:revision', release: next, reason: 'the old app is gone for good' };
    await lotse().client.ask('POST /apps/shop/environments/production/overrides', body);
    assert.equal((await lotse().client.deploy(next)).status, 'settled');
    const back = await run('rollback', 'production');
    assert.equal(back.exitCode, 8, back.said);
    assert.match(back.said, /production cannot go back to r0: http:\/\/127\.0\.0\.1:\d+: nobody listens there/);
  });
});
