import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { connectedSource, source } from '../../src/capabilities/sources/sources-api.ts';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { lacks } from '../../src/ports/certificates/fixtures/running-program.ts';
import { fakeForge } from '../../src/ports/forges/fixtures/fake-forge.ts';
import { serveGit, WorkingTree } from '../../src/ports/repositories/fixtures/git-server.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { startHttpsFront } from '../harness/https-front.ts';
import { identityProvider } from '../harness/identity-provider.ts';
import { shopManifest } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const token = 'planted-token-of-the-forge';
const shopFolder = fileURLToPath(new URL('../fixtures/apps/shop/', import.meta.url));

/** A webhook as GitLab sends it, through what ends TLS before Lotse. */
async function sendPush(url: string, caFile: string, secret: string, commit: string): Promise<number> {
  const body = JSON.stringify({ ref: 'refs/heads/main', after: commit, project: { path_with_namespace: 'acme/shop' } });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = {
    ...{ 'content-type': 'application/json', 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': secret },
    'x-gitlab-event-uuid': randomUUID(),
  };
  request(url, { method: 'POST', ca: readFileSync(caFile), agent: false, headers }, (answer) => {
    text(answer).then(() => resolve(answer.statusCode ?? 0), reject);
  })
    .on('error', reject)
    .end(body);
  return await promise;
}

/** A GitLab by https with a certificate of the team's own authority, and a Lotse behind a front of its own. */
async function world(t: TestContext) {
  const lotse = await temporaryLotse(t);
  const repositories = join(lotse.folder, 'forge');
  mkdirSync(repositories);
  const forge = await fakeForge('gitlab', token, serveGit(repositories, token));
  t.after(async () => await forge[Symbol.asyncDispose]());
  const [forgePort = 0, frontPort = 0] = await freePorts(2);
  const nginx = { program: 'nginx', host: '127.0.0.1' } as const;
  const gitlab = await startHttpsFront(t, {
    ...{ ...nginx, folder: join(lotse.folder, 'gitlab'), port: forgePort, to: forge.origin },
  });
  const begin = async (flags: readonly string[]) => {
    await lotse.start({ flags: ['--public-url', `https://127.0.0.1:${frontPort}`, ...flags] });
  };
  const openFront = async () =>
    await startHttpsFront(t, {
      ...{ ...nginx, folder: join(lotse.folder, 'front'), port: frontPort, to: lotse.plane.server },
    });
  return { lotse, forge, gitlab, tree: new WorkingTree(repositories), begin, openFront };
}

describe('a team with an authority of its own', { timeout: 900_000 }, () => {
  test(
    'pushes to its GitLab, whose webhook comes through the front, and hears back',
    { skip: lacks('nginx') },
    async (t) => {
      const { lotse, forge, gitlab, tree, begin, openFront } = await world(t);
      await begin(['--tls-roots', gitlab.caFile]);
      const front = await openFront();
      await lotse.client.ask('PUT /apps/shop/environments/build/secrets/GIT_TOKEN', { value: token });
      const rule = ['--kind', 'gitlab', '--branch', 'main', '--environment', 'production', '--token', 'GIT_TOKEN'];
      const line = ['source', 'connect', 'forge', `${gitlab.url}/acme/shop.git`, ...rule, '--json'];
      const connected = await runLotse([...line, '--app', 'shop', '--state', lotse.state], { cwd: tree.folder });
      assert.equal(connected.exitCode, 0, connected.stderr);
      const { secret, source: made } = connectedSource.parse(JSON.parse(connected.stdout));
      const files = readdirSync(shopFolder).map(
        (name) => [name, readFileSync(join(shopFolder, name), 'utf8')] as const,
      );
      const commit = tree.push({ ...Object.fromEntries(files), 'lotse.yaml': shopManifest({}) });
      forge.commits.push(commit);

      assert.equal(await sendPush(`${front.url}${made.path}`, front.caFile, 'another', commit), 401);
      assert.equal(await sendPush(`${front.url}${made.path}`, front.caFile, secret ?? '', commit), 202);
      const delivery = await until('it is over', () => overAmong(lotse), 240_000);
      assert.deepEqual([delivery.state, delivery.commit], ['deployed', commit], delivery.note ?? '');
      await until(
        'the forge has heard of it',
        () => forge.books.statuses.some(({ context, state }) => context === 'lotse/production' && state === 'success'),
        120_000,
      );
    },
  );

  test('is told which option it is when Lotse does not know the authority', { skip: lacks('nginx') }, async (t) => {
    const { lotse, gitlab, tree, begin } = await world(t);
    const nothing = join(lotse.folder, 'nothing.pem');
    writeFileSync(nothing, 'no certificate\n');
    const refused = await lotse.tryStart({ flags: ['--tls-roots', nothing] });
    assert.match(refused.kind === 'problem' ? refused.message : refused.kind, /--tls-roots.*no certificates/);
    await begin([]);
    await lotse.client.ask('PUT /apps/shop/environments/build/secrets/GIT_TOKEN', { value: token });
    const rule = ['--kind', 'gitlab', '--branch', 'main', '--environment', 'production', '--token', 'GIT_TOKEN'];
    const line = ['source', 'connect', 'forge', `${gitlab.url}/acme/shop.git`, ...rule, '--json'];
    const connected = await runLotse([...line, '--app', 'shop', '--state', lotse.state], { cwd: tree.folder });
    const said = connected.exitCode === 0 ? await failedPush(lotse, connected.stdout) : connected.stderr;
    assert.match(said, /certificate.*--tls-roots/s);
  });

  test(
    'lets its pipelines in, whose keys it asks an issuer with such a certificate for',
    { skip: lacks('nginx') },
    async (t) => {
      const { lotse, begin } = await world(t);
      const [port = 0] = await freePorts(1);
      const url = `https://127.0.0.1:${port}`;
      const provider = await identityProvider(t, url);
      const folder = join(lotse.folder, 'issuer');
      const to = provider.listens;
      const { caFile } = await startHttpsFront(t, { program: 'nginx', host: '127.0.0.1', folder, port, to });
      await begin(['--tls-roots', caFile]);
      const allow = [
        'oidc',
        'allow',
        'gitlab',
        'acme/shop',
        '--issuer',
        url,
        '--app',
        'shop',
        '--environment',
        'staging',
      ];
      const env = { LOTSE_SERVER: lotse.plane.server, LOTSE_TOKEN: lotse.plane.token };
      const allowed = await runLotse([...allow, '--json'], { cwd: '/', env });
      assert.equal(allowed.exitCode, 0, allowed.stderr);
      const { audience } = z.object({ audience: z.string() }).parse(JSON.parse(allowed.stdout));
      const signed = await provider.sign({ project_path: 'acme/shop', aud: audience });
      const given = await runLotse(['oidc', 'token', '--audience', audience], {
        ...{ cwd: '/', env: { ...env, LOTSE_TOKEN: '', LOTSE_ID_TOKEN: signed } },
      });
      assert.equal(given.exitCode, 0, given.stderr);
      assert.match(given.stdout, /^lotse_/);
    },
  );
});

async function overAmong(lotse: TemporaryLotse) {
  const all = z.array(source).parse(await lotse.client.ask('GET /apps/shop/sources'));
  return all.flatMap(({ deliveries }) => deliveries).find(({ endedAt }) => endedAt !== null) ?? false;
}

async function failedPush(lotse: TemporaryLotse, connected: string): Promise<string> {
  const { secret, source: made } = connectedSource.parse(JSON.parse(connected));
  const body = JSON.stringify({ ref: 'refs/heads/main', after: 'a'.repeat(40) });
  const headers = { 'content-type': 'application/json', 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': secret ?? '' };
  await fetch(`${lotse.plane.server}${made.path}`, { method: 'POST', body, headers });
  const delivery = await until(
    'it is said why',
    async () => {
      const all = z.array(source).parse(await lotse.client.ask('GET /apps/shop/sources'));
      return all.flatMap(({ deliveries }) => deliveries).find(({ note }) => note?.includes('certificate')) ?? false;
    },
    120_000,
  );
  return delivery.note ?? '';
}
