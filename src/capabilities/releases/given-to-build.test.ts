import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../core/secret.ts';
import { givenToBuild } from './given-to-build.ts';

const source = { app: 'shop', commit: 'c'.repeat(40), by: { kind: 'person', id: 'ada' } } as const;

test('the password of a registry goes to the registry alone, unless the build names it too', async () => {
  const asked: (readonly string[])[] = [];
  const context = {
    async buildSecrets({ names }: { readonly names: readonly string[] }) {
      asked.push(names);
      return Object.fromEntries(names.map((name) => [name, new Secret(`value of ${name}`)]));
    },
  };
  const registries = { 'ghcr.io': { user: 'ada', password: 'GHCR_TOKEN' } };
  const given = await givenToBuild(context, source, { secrets: ['NPM_TOKEN'], registries });
  assert.deepEqual(Object.keys(given.secrets ?? {}), ['NPM_TOKEN']);
  assert.equal(given.registries?.['ghcr.io']?.username, 'ada');
  assert.equal(given.registries?.['ghcr.io']?.password.reveal(), 'value of GHCR_TOKEN');
  const both = await givenToBuild(context, source, { secrets: ['GHCR_TOKEN'], registries });
  assert.deepEqual(Object.keys(both.secrets ?? {}), ['GHCR_TOKEN']);
  assert.deepEqual(await givenToBuild(context, source, {}), {});
  assert.deepEqual(asked, [['NPM_TOKEN', 'GHCR_TOKEN'], ['GHCR_TOKEN']], 'each once, and none for who wants none');
});
