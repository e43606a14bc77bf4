import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/secret.ts';
import { FakeGoogle } from '../fixtures/fake-google.ts';
import { storeServer } from '../fixtures/store-server.ts';
import { askByHttp } from '../rest/ask-by-http.ts';
import type { GoogleSource } from '../secret-source.ts';
import { secretsContract } from '../secrets.contract.ts';
import { GoogleStore } from './google-store.ts';

const place = { app: 'shop', environment: 'production', name: 'KEY' };

async function world(more: Partial<GoogleSource> = {}) {
  const fake = new FakeGoogle();
  const server = await storeServer((asked) => fake.answer(asked), 'https');
  fake.origin = server.origin;
  const ask = askByHttp({ extraRoots: server.roots, pausesMs: [5] });
  const login: GoogleSource['login'] = { kind: 'account', key: () => fake.keyFile };
  const source: GoogleSource = { kind: 'google', origin: server.origin, parent: 'projects/shop', login, ...more };
  const store = new GoogleStore(source, ask, Date.now);
  return { fake, store, origin: server.origin, ask, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

secretsContract('Google Secret Manager', async () => ({
  ...(await world()),
  plant: () => Promise.reject(new Error('Lotse writes it')),
}));

test('a token is fetched once, and anew when it is refused', async () => {
  await using at = await world();
  await at.store.write(place, new Secret('value'));
  assert.equal(at.fake.tokensGiven, 1);
  at.fake.generation = 2;
  assert.equal((await at.store.read(place))?.value.reveal(), 'value');
  assert.equal(at.fake.tokensGiven, 2);
});

test('the machine itself may be who asks', async () => {
  await using at = await world();
  const login = { kind: 'metadata', origin: at.origin } as const;
  const store = new GoogleStore(
    { kind: 'google', origin: at.origin, parent: 'projects/shop', login },
    at.ask,
    Date.now,
  );
  assert.equal(await store.read(place), null);
});

test('a key that was revoked, a file that is no key and another project each have a clear error', async () => {
  const stranger = new FakeGoogle();
  await using at = await world({ login: { kind: 'account', key: () => stranger.keyFile } });
  stranger.origin = at.origin;
  await assert.rejects(at.store.read(place), {
    code: 'forbidden',
    message: /Google refuses Lotse: Invalid JWT Signature/,
  });
  await using empty = await world({ login: { kind: 'account', key: () => '{}' } });
  await assert.rejects(empty.store.read(place), { code: 'bad-input', message: /is none/ });
  await using other = await world({ parent: 'projects/other' });
  await assert.rejects(other.store.read(place), { code: 'forbidden', message: /PERMISSION_DENIED/ });
});
