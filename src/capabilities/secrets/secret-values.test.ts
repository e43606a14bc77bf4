import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { HiddenValues } from '../../core/hidden-values.ts';
import { LotseError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { FakeHashicorp } from '../../ports/secrets/fixtures/fake-hashicorp.ts';
import { storeServer } from '../../ports/secrets/fixtures/store-server.ts';
import { secretStore } from '../../ports/secrets/secret-drivers.ts';
import type { SealedBook } from '../../ports/secrets/sealed-book.ts';
import { revision as revisionOf } from '../../rollout/fixtures/example-rollout.ts';
import { openSecrets } from './open-secrets.ts';

const revision = revisionOf(1, undefined, { secretNames: ['KEY'] });
const { app, environment } = revision;
const somebody = { kind: 'person', id: 'ada' } as const;

async function elsewhere(t: TestContext) {
  const fake = new FakeHashicorp();
  const server = await storeServer((asked) => fake.answer(asked));
  t.after(async () => await server[Symbol.asyncDispose]());
  const { database, journal } = await temporaryDatabase(t);
  await database.db.updateTable('owner_fence').set({ fence: 1 }).execute();
  const token = fake.issue(0);
  const login = { kind: 'token', token: () => token } as const;
  const source = {
    kind: 'hashicorp',
    origin: server.origin,
    mount: 'secret',
    folder: '',
    namespace: null,
    login,
  } as const;
  const options = { source, keyFile: '/nowhere', extraRoots: [], now: Date.now };
  const hidden = new HiddenValues();
  const store = (book: SealedBook) => secretStore({ ...options, book });
  const parts = {
    database,
    journal,
    fence: () => 1,
    now: Date.now,
    hidden,
    store,
    scopes: async () => [],
    log: () => undefined,
  };
  const own = store({
    find: async () => null,
    list: async () => [],
    isEmpty: async () => true,
    put: () => Promise.reject(new Error('not its own vault')),
    drop: async () => undefined,
    remove: async () => false,
  });
  const set = async (value: string) =>
    await own.write({ app, environment, name: 'KEY' }, new Secret(value), somebody, { reason: null, keepsOld: false });
  return { fake, journal, secrets: () => openSecrets(parts), set };
}

test('while the store is away a revision goes on with the last good value, and its proof says what is wrong', async (t) => {
  const { fake, secrets: open, set } = await elsewhere(t);
  await set('the value');
  const secrets = open();
  const valueNow = async () => {
    const { KEY: value } = await secrets.values(revision);
    return value instanceof Secret ? value.reveal() : null;
  };
  assert.equal(await valueNow(), 'the value');
  fake.isSealed = true;
  assert.equal(await valueNow(), 'the value');
  const subject = {
    scope: revision,
    before: { kind: 'maintenance' },
    from: null,
    to: revision,
    strategy: 'rolling',
  } as const;
  const [proof] = await secrets.part.prove(subject);
  assert.equal(proof?.proven, false);
  assert.match(proof?.message ?? '', /is sealed: Vault is sealed/);
  // It is in memory alone: another control plane has seen nothing yet.
  await assert.rejects(open().values(revision), (error) => error instanceof LotseError && error.code === 'sealed');
  fake.isSealed = false;
  await set('the next');
  assert.equal(await valueNow(), 'the next');
});

test('what a revision was given is in the journal once, and again when it is another version', async (t) => {
  const { journal, secrets: open, set } = await elsewhere(t);
  await set('the value');
  const secrets = open();
  for (let start = 0; start < 3; start += 1) await secrets.values(revision);
  await set('the next');
  for (let start = 0; start < 3; start += 1) await secrets.values(revision);
  const events = await journal.readAll({ afterPosition: 0, limit: 100 });
  assert.deepEqual(
    events.map(({ type, payload }) => [type, payload]),
    ['1', '2'].map((version) => [
      'secrets-used',
      { revision: revision.id, release: revision.release, versions: { KEY: version } },
    ]),
  );
});
