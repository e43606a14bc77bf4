import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../core/secret.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import type { SecretPlace } from '../../ports/secrets/secrets.ts';
import { secretsForBuild } from './build-secrets.ts';

const by = { kind: 'person', id: 'ada' } as const;
const commit = 'c'.repeat(40);

test('a build is given the values in force of its own place, and the journal says which versions who had', async (t) => {
  const { database, journal } = await temporaryDatabase(t);
  await database.db.updateTable('owner_fence').set({ fence: 1 }).execute();
  const asked: SecretPlace[] = [];
  const read = async (place: SecretPlace) => {
    asked.push(place);
    return place.name === 'NPM_TOKEN' ? { version: '3', value: new Secret('tell-nobody') } : null;
  };
  const parts = { store: { read }, journal, fence: () => 1 };
  const wanted = { app: 'shop', commit, by };

  const refused = secretsForBuild(parts, { ...wanted, names: ['NPM_TOKEN', 'GHCR_TOKEN'] });
  await assert.rejects(refused, {
    code: 'not-found',
    message: /wants GHCR_TOKEN, which has no value/,
    hint: 'Give it one: `lotse secret set GHCR_TOKEN build`.',
  });
  assert.deepEqual(await journal.readAll({ afterPosition: 0, limit: 10 }), [], 'nobody had it');

  const given = await secretsForBuild(parts, { ...wanted, names: ['NPM_TOKEN'] });
  assert.equal(given['NPM_TOKEN']?.reveal(), 'tell-nobody');
  assert.deepEqual(asked.at(-1), { app: 'shop', environment: 'build', name: 'NPM_TOKEN' });
  const [event, ...more] = await journal.readAll({ afterPosition: 0, limit: 10 });
  assert.deepEqual(more, []);
  assert.deepEqual(
    [event?.type, event?.chain, event?.actor, event?.payload],
    ['build-secrets-used', 'shop/build', by, { commit, versions: { NPM_TOKEN: '3' } }],
  );
});
