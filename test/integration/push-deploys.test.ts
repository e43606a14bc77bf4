import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { connectedSource, source, type SourceView } from '../../src/capabilities/sources/sources-api.ts';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { fakeForge } from '../../src/ports/forges/fixtures/fake-forge.ts';
import { serveGit, WorkingTree } from '../../src/ports/repositories/fixtures/git-server.ts';
import { shopManifest } from '../harness/shop-app.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';
import { temporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const token = 'planted-token-of-the-forge';
const shopFolder = fileURLToPath(new URL('../fixtures/apps/shop/', import.meta.url));
const program = fileURLToPath(new URL('../../src/cli/lotse.ts', import.meta.url));
const shop = { environments: { staging: { strategy: { watch: '1s' } } }, production: { after: 'staging' } };

/** The shop as it is pushed; `mark` makes it another commit. */
function shopFiles(mark: string): Record<string, string> {
  const files = readdirSync(shopFolder).map((name) => [name, readFileSync(join(shopFolder, name), 'utf8')] as const);
  return { ...Object.fromEntries(files), 'lotse.yaml': shopManifest(shop), mark };
}

/** A webhook as GitHub sends it. */
async function sendPush(url: string, secret: string, commit: string, delivery: string) {
  const body = JSON.stringify({ ref: 'refs/heads/main', after: commit, repository: { full_name: 'acme/shop' } });
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      ...{ 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': delivery },
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  return { status: answer.status, body: await answer.text() };
}

async function sourcesOf(lotse: TemporaryLotse): Promise<readonly SourceView[]> {
  return z.array(source).parse(await lotse.client.ask('GET /apps/shop/sources'));
}

/** It goes through two environments. */
const endMs = 180_000;

/** A delivery once it is over. */
async function ended(lotse: TemporaryLotse, delivery: string) {
  return await until(
    `${delivery} is over`,
    async () => {
      const all = (await sourcesOf(lotse)).flatMap(({ deliveries }) => deliveries);
      const found = all.find((each) => each.delivery === delivery);
      return found !== undefined && found.endedAt !== null && found;
    },
    endMs,
  );
}

async function rolloutsOf(lotse: TemporaryLotse, release: string) {
  const shape = z.array(z.object({ id: z.string(), environment: z.string(), release: z.string(), status: z.string() }));
  const all = shape.parse(await lotse.client.ask('GET /apps/shop/rollouts'));
  return all.filter((each) => each.release === release);
}

describe('from a repository', () => {
  test('a push is deployed along the way of environments, once, over a crash, and the forge hears of it; CI joins what is under way', async (t) => {
    const lotse = await temporaryLotse(t);
    const repositories = join(lotse.folder, 'forge');
    mkdirSync(repositories);
    await using forge = await fakeForge('github', token, serveGit(repositories, token));
    const tree = new WorkingTree(repositories);
    await lotse.start();
    const run = (...line: readonly string[]) =>
      runLotse([...line, '--app', 'shop', '--state', lotse.state], { cwd: tree.folder });
    await lotse.client.ask('PUT /apps/shop/environments/build/secrets/GIT_TOKEN', { value: token });
    const rule = ['--kind', 'github', '--branch', 'main', '--environment', 'production', '--token', 'GIT_TOKEN'];
    const connected = await run('source', 'connect', 'forge', `${forge.origin}/acme/shop.git`, ...rule, '--json');
    assert.equal(connected.exitCode, 0, connected.stderr);
    const { secret, source: made } = connectedSource.parse(JSON.parse(connected.stdout));
    assert.ok(secret !== null && secret.length >= 40);
    const hook = () => `${lotse.plane.server}${made.path}`;

    const first = tree.push(shopFiles('one'));
    forge.commits.push(first);
    assert.equal((await sendPush(hook(), 'another secret', first, randomUUID())).status, 401);
    assert.equal((await sendPush(`${lotse.plane.server}/hooks/shop/other`, secret, first, randomUUID())).status, 401);
    const delivery = randomUUID();
    assert.equal((await sendPush(hook(), secret, first, delivery)).status, 202);
    await until('it is worked on', async () =>
      (await sourcesOf(lotse)).some(({ deliveries }) => deliveries.some(({ state }) => state === 'working')),
    );
    await lotse.plane.end('SIGKILL');
    await lotse.start();
    const again = await sendPush(hook(), secret, first, delivery);
    assert.deepEqual([again.status, again.body.includes('"isNew":false')], [200, true]);

    const deployed = await ended(lotse, delivery);
    assert.deepEqual([deployed.state, deployed.commit], ['deployed', first], deployed.note ?? '');
    const release = deployed.release ?? '';
    for (const environment of ['staging', 'production'])
      assert.equal((await lotse.client.environment(environment)).release, release);
    assert.deepEqual((await rolloutsOf(lotse, release)).map((each) => each.environment).toSorted(), [
      'production',
      'staging',
    ]);
    await until('the forge knows both environments', () => {
      const live = forge.books.deployments.filter(({ states }) => states.at(-1) === 'success');
      return (
        live
          .map(({ environment }) => environment)
          .toSorted()
          .join() === 'production,staging'
      );
    });
    assert.deepEqual(
      forge.books.deployments.map(({ commit }) => commit),
      [first, first],
    );
    const told = forge.books.statuses.filter(({ state }) => state === 'success').map(({ context }) => context);
    assert.deepEqual([...new Set(told)].toSorted(), ['lotse/production', 'lotse/staging']);

    // What its tests say is evidence for it, or speaks against it.
    const cases = (more: string) =>
      `<testsuites><testsuite><testcase name="pays"/><testcase name="ships">${more}</testcase></testsuite></testsuites>`;
    writeFileSync(join(lotse.folder, 'good.xml'), cases(''));
    writeFileSync(join(lotse.folder, 'bad.xml'), cases('<failure message="too late"/>'));
    const report = (name: string) =>
      run('evidence', 'add', 'production', '--junit', join(lotse.folder, name), '--commit', first);
    assert.match((await report('good.xml')).stdout, new RegExp(`tests:unit for ${release}: 2 tests passed, 0 failed`));
    const against = await report('bad.xml');
    assert.deepEqual([against.exitCode, /ships/.test(against.stderr)], [11, true], against.stderr);
    assert.match(
      (await run('evidence', 'list', 'production', '--release', release)).stdout,
      /tests:unit.*2 tests passed/,
    );

    // The same commit by hand is the same release, and it serves already.
    const byHand = await runLotse(['deploy', 'production', '--commit', first, '--state', lotse.state], {
      cwd: tree.folder,
    });
    assert.equal(byHand.exitCode, 0, byHand.stdout + byHand.stderr);
    assert.match(byHand.stdout, new RegExp(`${release}[\\s\\S]*serves here already`));

    // A job of CI that is killed stops nothing, and the one after it joins the same rollout.
    const second = tree.push(shopFiles('two'));
    const line = [program, 'deploy', 'production', '--commit', second, '--json', '--state', lotse.state];
    const killed = spawn(process.execPath, line, { cwd: tree.folder, stdio: 'ignore' });
    const begun = await until('its rollout has begun', async () => {
      const built = (await lotse.client.releases()).find(({ commit }) => commit === second);
      return built !== undefined && ((await rolloutsOf(lotse, built.id))[0] ?? null);
    });
    killed.kill('SIGKILL');
    const rerun = await runLotse(line.slice(1), { cwd: tree.folder });
    assert.equal(rerun.exitCode, 0, rerun.stderr);
    const arrival = z.object({
      release: z.object({ id: z.string() }),
      environments: z.array(z.object({ environment: z.string(), rollout: z.object({ id: z.string() }) })),
    });
    const { release: same, environments } = arrival.parse(JSON.parse(rerun.stdout));
    assert.equal(same.id, begun.release);
    assert.equal(environments.find(({ environment }) => environment === begun.environment)?.rollout.id, begun.id);
    assert.equal((await rolloutsOf(lotse, same.id)).length, 2);

    // What cannot be built is said where it was pushed; the same delivery is tried again when a person asks for it.
    const broken = tree.push({ 'lotse.yaml': 'app: shop\nservices: 7\n' });
    forge.commits.push(second, broken);
    const failing = randomUUID();
    await sendPush(hook(), secret, broken, failing);
    const failed = await ended(lotse, failing);
    assert.equal(failed.state, 'failed');
    assert.match(failed.note ?? '', /services/);
    await until('the forge has heard that', () =>
      forge.books.statuses.some(({ commit, state }) => commit === broken && state === 'failure'),
    );
    assert.equal((await sendPush(hook(), secret, broken, failing)).status, 202);
    await ended(lotse, failing);

    const listed = await run('source', 'list');
    assert.match(listed.stdout, /main → production[\s\S]*failed[\s\S]*deployed/);
    const journal = JSON.stringify(await lotse.client.ask('GET /apps/shop/journal?environment=production&limit=1000'));
    for (const type of ['source-connected', 'push-received', 'push-deployed', 'push-failed'])
      assert.ok(journal.includes(type), type);
    for (const planted of [token, secret])
      assert.ok(![journal, listed.stdout, JSON.stringify(await sourcesOf(lotse))].join('').includes(planted));
    assert.equal((await run('source', 'disconnect', 'forge')).exitCode, 0);
    assert.equal((await sendPush(hook(), secret, second, randomUUID())).status, 401);
  });
});
