import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../core/secret.ts';
import { FakeAzure } from '../fixtures/fake-azure.ts';
import { storeServer } from '../fixtures/store-server.ts';
import { askByHttp } from '../rest/ask-by-http.ts';
import type { AzureSource } from '../secret-source.ts';
import { secretsContract } from '../secrets.contract.ts';
import { AzureStore } from './azure-store.ts';

const place = { app: 'shop', environment: 'production', name: 'SESSION_KEY' };

async function world(isManaged = false) {
  const fake = new FakeAzure();
  const server = await storeServer((asked) => fake.answer(asked), 'https');
  fake.origin = server.origin;
  const client = { kind: 'client', tenant: 'tenant', client: 'client', password: () => 'client secret' } as const;
  const login: AzureSource['login'] = isManaged
    ? { kind: 'managed', origin: server.origin, client: null }
    : { ...client, authority: server.origin };
  const ask = askByHttp({ extraRoots: server.roots, pausesMs: [5] });
  const store = new AzureStore({ kind: 'azure', origin: server.origin, login }, ask, Date.now);
  return { fake, store, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

secretsContract('Azure Key Vault', async () => ({
  ...(await world()),
  plant: () => Promise.reject(new Error('Lotse writes it')),
}));

test('a token is fetched once, and anew when it is refused; by the identity of the machine too', async () => {
  for (const isManaged of [false, true]) {
    await using at = await world(isManaged);
    await at.store.write(place, new Secret('value'));
    assert.equal(at.fake.tokensGiven, 1);
    at.fake.generation = 2;
    assert.equal((await at.store.read(place))?.value.reveal(), 'value');
    assert.equal(at.fake.tokensGiven, 2);
  }
});

test('a client secret that has ended, a deleted name and a name of somebody else each have a clear error', async () => {
  await using at = await world();
  at.fake.deleted.add('shop--production--session-key');
  await assert.rejects(at.store.write(place, new Secret('v')), /was deleted there and is still kept/);
  at.fake.deleted.clear();
  await at.store.write(place, new Secret('v'));
  // Names there have no underscore and no upper case.
  const twin = { ...place, name: 'session_key' };
  await assert.rejects(at.store.read(twin), /is not shop\/production\/session_key of Lotse/);
  await assert.rejects(at.store.write(twin, new Secret('v')), /is not shop\/production\/session_key of Lotse/);
  at.fake.password = 'another';
  at.fake.generation = 2;
  await assert.rejects(at.store.read(place), {
    code: 'forbidden',
    message: 'Microsoft Entra refuses Lotse: AADSTS7000215: Invalid client secret provided',
  });
});
