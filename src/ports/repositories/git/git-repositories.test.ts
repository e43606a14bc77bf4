import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startSshServer } from '../../../../test/harness/ssh-server.ts';
import { LotseError } from '../../../core/errors.ts';
import { Secret } from '../../../core/secret.ts';
import { freePorts } from '../../../proxy/fixtures/running-proxy.ts';
import { serveGit, WorkingTree } from '../fixtures/git-server.ts';
import type { Repository } from '../repositories.ts';
import { gitRepositories } from './git-repositories.ts';

const token = 'planted-token';
const patience = () => AbortSignal.timeout(120_000);

async function world(t: TestContext, limits: { readonly maxBytes?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-git-'));
  const tree = new WorkingTree(folder);
  const state = { hangs: false };
  const serve = serveGit(folder, token);
  const server = createServer((request, response) => (state.hangs ? undefined : serve(request, response)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const repository = (shown: string | null, path = 'acme/shop.git'): Repository => ({
    address: `${origin}/${path}`,
    login: shown === null ? null : { kind: 'token', value: new Secret(shown) },
  });
  const cache = join(folder, 'cache');
  return { folder, tree, state, repository, cache, repositories: gitRepositories({ folder: cache, ...limits }) };
}

async function failsWith(asked: Promise<unknown>, code: string): Promise<LotseError> {
  const error: unknown = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LotseError, String(error));
  assert.equal(error.code, code, `${error.message} ${error.details.join(' ')}`);
  for (const text of [error.message, ...error.details]) assert.ok(!text.includes(token), text);
  return error;
}

test('the head of a branch is fetched and packed, also one folder of it, and as git packs it elsewhere', async (t) => {
  const { folder, tree, repository, cache, repositories } = await world(t);
  const first = tree.push({ 'lotse.yaml': 'app: shop\n', 'apps/web/page.html': 'one' });
  assert.deepEqual(await repositories.fetch(repository(token), 'main', patience()), {
    commit: first,
    subject: 'change lotse.yaml and apps/web/page.html',
  });
  const second = tree.push({ 'apps/web/page.html': 'two' });
  assert.equal((await repositories.fetch(repository(token), 'main', patience())).commit, second);
  // As a git that was killed leaves it.
  const bare = readdirSync(cache).find((name) => name.endsWith('.git')) ?? '';
  writeFileSync(join(cache, bare, 'shallow.lock'), '');
  assert.equal((await repositories.fetch(repository(token), 'main', patience())).commit, second);
  const packs = ['', 'apps/web', ''].map((below, at) => ({
    commit: second,
    folder: below,
    file: join(folder, `${at}.tar`),
  }));
  for (const wanted of packs) await repositories.pack(repository(token), wanted, patience());
  const [whole, part, again] = packs.map(({ file }) => readFileSync(file));
  assert.ok(whole !== undefined && part !== undefined && again !== undefined);
  assert.ok(whole.equals(again));
  assert.ok(whole.equals(execFileSync('git', ['-C', tree.folder, 'archive', '--format=tar', second])));
  assert.ok(part.equals(execFileSync('git', ['-C', join(tree.folder, 'apps/web'), 'archive', '--format=tar', second])));
  // A branch that was moved by force is where it was moved to.
  tree.git('reset', '-q', '--hard', first);
  const moved = tree.push({ other: 'x' });
  assert.equal((await repositories.fetch(repository(token), 'main', patience())).commit, moved);
  const left = readdirSync(cache, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    left.filter((name) => /^(?:login|tree)-/.test(name)),
    [],
  );
  assert.ok(!readFileSync(join(cache, left.find((name) => name.endsWith('config')) ?? ''), 'utf8').includes(token));
});

test('what cannot be had is said, without the token', async (t) => {
  const { folder, tree, repository, repositories } = await world(t);
  const commit = tree.push({ 'lotse.yaml': 'app: shop\n' });
  await failsWith(repositories.fetch(repository('wrong'), 'main', patience()), 'forbidden');
  await failsWith(repositories.fetch(repository(null), 'main', patience()), 'forbidden');
  await failsWith(repositories.fetch(repository(token), 'gone', patience()), 'not-found');
  await failsWith(repositories.fetch(repository(token, 'acme/other.git'), 'main', patience()), 'not-found');
  await repositories.fetch(repository(token), 'main', patience());
  const file = join(folder, 'none.tar');
  await failsWith(repositories.pack(repository(token), { commit, folder: 'apps/none', file }, patience()), 'not-found');
  assert.ok(!existsSync(file));
  // No address is a program or a folder of this machine.
  for (const address of [`file://${folder}/acme/shop.git`, 'ext::sh -c id', join(folder, 'acme/shop.git')])
    assert.notEqual(
      (await repositories.fetch({ address, login: null }, 'main', patience()).catch(() => null))?.commit,
      commit,
    );
});

test('one that is too large, or takes too long, is given up', async (t) => {
  const { tree, state, repository, repositories, cache } = await world(t, { maxBytes: 1024 * 1024 });
  tree.push({ 'large.bin': randomBytes(3 * 1024 * 1024) });
  await failsWith(repositories.fetch(repository(token), 'main', patience()), 'bad-input');
  state.hangs = true;
  const hasty = gitRepositories({ folder: cache, fetchMs: 1_000 });
  assert.equal((await failsWith(hasty.fetch(repository(token), 'main', patience()), 'timeout')).retriable, true);
});

test('by ssh a key opens it, and no other one', async (t) => {
  const { folder, tree, cache, repositories } = await world(t);
  const [port = 0] = await freePorts(1);
  const server = await startSshServer({ host: '127.0.0.1', port });
  if ('skip' in server) return t.skip(server.skip);
  t.after(() => server.release());
  const commit = tree.push({ 'lotse.yaml': 'app: shop\n' });
  const keyOf = (client: readonly string[]) => readFileSync(client[client.indexOf('-i') + 1] ?? '', 'utf8');
  const by = (client: readonly string[]): Repository => ({
    address: `ssh://root@127.0.0.1:${port}${folder}/acme/shop.git`,
    login: { kind: 'key', value: new Secret(keyOf(client).trimEnd()) },
  });
  assert.equal((await repositories.fetch(by(server.clientArguments), 'main', patience())).commit, commit);
  await failsWith(repositories.fetch(by(server.clientWithoutKey), 'main', patience()), 'forbidden');
  // It is another machine now, or somebody in between.
  const known = join(cache, 'known_hosts');
  const [host = '', kind = ''] = readFileSync(known, 'utf8').split(' ');
  const other = execFileSync('ssh-keygen', ['-y', '-f', server.clientArguments[3] ?? ''], { encoding: 'utf8' });
  writeFileSync(known, `${host} ${kind} ${other.split(' ')[1]}\n`);
  const message = (await failsWith(repositories.fetch(by(server.clientArguments), 'main', patience()), 'forbidden'))
    .message;
  assert.match(message, /another key/);
});
