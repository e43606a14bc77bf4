import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../../core/errors.ts';
import { LotseError } from '../../../core/errors.ts';
import { Secret } from '../../../core/secret.ts';
import { FakeHashicorp } from '../fixtures/fake-hashicorp.ts';
import { storeServer } from '../fixtures/store-server.ts';
import { askByHttp } from '../rest/ask-by-http.ts';
import type { HashicorpSource } from '../secret-source.ts';
import { secretsContract } from '../secrets.contract.ts';
import { HashicorpStore } from './hashicorp-store.ts';

const place = { app: 'shop', environment: 'production', name: 'KEY' };

interface Wishes {
  readonly token?: (fake: FakeHashicorp) => () => string;
  readonly namespace?: string;
  readonly now?: () => number;
}

async function world({ token, namespace = '', now = Date.now }: Wishes = {}) {
  const fake = new FakeHashicorp();
  fake.namespace = namespace;
  fake.now = now;
  const server = await storeServer((asked) => fake.answer(asked), 'https');
  const login: HashicorpSource['login'] =
    token === undefined
      ? { kind: 'app-role', mount: 'approle', roleId: () => fake.role.id, secretId: () => fake.role.secret }
      : { kind: 'token', token: token(fake) };
  const source: HashicorpSource = {
    ...{ kind: 'hashicorp', origin: server.origin, mount: 'secret', folder: 'teams/web/', login },
    namespace: namespace === '' ? null : namespace,
  };
  const ask = askByHttp({ extraRoots: server.roots, timeoutMs: 2_000, pausesMs: [5, 5] });
  const store = new HashicorpStore(source, ask, now);
  return { fake, server, store, source, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

secretsContract('HashiCorp Vault', async () => {
  const { store, server } = await world({ namespace: 'team-a' });
  const plant = () => Promise.reject(new Error('Lotse writes it'));
  return { store, plant, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
});

async function fails(doing: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<void> {
  await assert.rejects(doing, (error) => {
    assert.ok(error instanceof LotseError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  });
}

test('a token by AppRole is fetched once, and anew when it has ended', async () => {
  let nowMs = Date.now();
  await using at = await world({ now: () => nowMs });
  await Promise.all([at.store.read(place), at.store.read(place)]);
  assert.equal(at.fake.logins, 1);
  nowMs += 3_000_000; // Two thirds of an hour have gone.
  assert.equal(await at.store.read(place), null);
  assert.equal(at.fake.logins, 2);
  at.fake.tokens.clear(); // Revoked before its time.
  assert.equal(await at.store.read(place), null);
  assert.equal(at.fake.logins, 3);
});

test('a token that is given is renewed before it ends', async () => {
  let nowMs = Date.now();
  await using at = await world({
    now: () => nowMs,
    token: (fake) =>
      (
        (token) => () =>
          token
      )(fake.issue(600)),
  });
  for (let turn = 0; turn < 5; turn += 1) {
    assert.equal(await at.store.read(place), null);
    nowMs += 450_000;
  }
  assert.equal(at.fake.renewals, 5);
});

test('a token that has ended says so, and another one in its file is taken without a restart', async () => {
  let file = 'hvs.of-yesterday';
  await using at = await world({ token: () => () => file });
  await fails(at.store.read(place), 'forbidden', /the token that it was given has ended/);
  file = at.fake.issue(0);
  assert.equal(await at.store.read(place), null);
});

test('a wrong secret id, a sealed Vault, another namespace and a value of another form each have a clear error', async () => {
  await using at = await world();
  at.fake.role = { id: 'role', secret: 'secret id' };
  await at.store.write(place, new Secret('value'));
  at.fake.isSealed = true;
  await fails(at.store.read(place), 'sealed', /HashiCorp Vault at localhost:\d+ is sealed: Vault is sealed/);
  at.fake.isSealed = false;
  at.fake.namespace = 'other';
  await fails(at.store.read(place), 'forbidden', /may not do that|no such role/);
  at.fake.namespace = '';
  const login = { kind: 'app-role', mount: 'approle', roleId: () => 'role', secretId: () => 'wrong' } as const;
  const ask = askByHttp({ extraRoots: at.server.roots, pausesMs: [] });
  const wrong = new HashicorpStore({ ...at.source, login }, ask, Date.now);
  await fails(wrong.read(place), 'forbidden', /knows no such role, or its secret id has ended/);
  const elsewhere = new HashicorpStore({ ...at.source, mount: 'kv' }, ask, Date.now);
  await fails(elsewhere.write(place, new Secret('v')), 'bad-input', /no secrets engine KV version 2 at kv\//);
});

test('a Vault whose certificate nobody vouches for is not asked', async () => {
  await using at = await world();
  const store = new HashicorpStore(at.source, askByHttp({ extraRoots: [], pausesMs: [] }), Date.now);
  await fails(store.read(place), 'unreachable', /certificate/);
});
