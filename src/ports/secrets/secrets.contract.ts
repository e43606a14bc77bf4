import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { LotseError, type ErrorCode } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { Secret } from '../../core/secret.ts';
import type { SecretPlace, SecretStore } from './secrets.ts';

/** What a driver's test gives to the suite; one for each test. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: SecretStore;
  /** Gives it a value in the way of its owner: for stores that Lotse only reads. */
  readonly plant: (place: SecretPlace, value: string) => Promise<void>;
}

type Start = () => Promise<StoreUnderTest>;

const somebody: Actor = { kind: 'person', id: 'ada' };
const change = { reason: null, keepsOld: false };
const rotated = { reason: null, keepsOld: true };
/** What escaping changes is in it. */
const words = (): string => `"${randomBytes(9).toString('hex')}" & 100 %\\ ✓\nsecond line\n`;

function at(name: string, environment = 'production', app = 'shop'): SecretPlace {
  return { app, environment, name };
}

/** Every store passes this suite; a new driver is done when it does. */
export function secretsContract(title: string, start: Start): void {
  describe(`${title}: the contract of stores of secrets`, () => {
    test('a value is read as it was given, and shows itself to nobody who prints it', async () => {
      await using world = await start();
      const [place, value] = [at('SESSION_KEY'), words()];
      await give(world, place, value);
      const held = await world.store.read(place);
      assert.equal(held?.value.reveal(), value);
      assert.ok(!JSON.stringify(held).includes(JSON.stringify(value).slice(1, -1)));
      assert.deepEqual((await world.store.read(place, held.version))?.value.reveal(), value);
    });

    test('what has no value is none, and so is a version that never was', async () => {
      await using world = await start();
      assert.equal(await world.store.read(at('NOTHING')), null);
      await give(world, at('A'), 'a');
      assert.equal(await world.store.read(at('A'), '987654'), null);
    });

    test('each app and each environment has its own', async () => {
      await using world = await start();
      const places = [at('KEY'), at('KEY', 'staging'), at('KEY', 'production', 'other'), at('KEY_2'), at('_KEY')];
      for (const [index, place] of places.entries()) await give(world, place, `value ${index}`);
      for (const [index, place] of places.entries()) {
        assert.equal((await world.store.read(place))?.value.reveal(), `value ${index}`);
      }
      const listed = await world.store.list({ app: 'shop', environment: 'production' });
      assert.deepEqual(
        listed.map(({ name }) => name),
        ['KEY', 'KEY_2', '_KEY'],
      );
      for (const { version, setAt } of listed) assert.ok(version !== '' && Math.abs(setAt - Date.now()) < 600_000);
      assert.deepEqual(await world.store.list({ app: 'shop', environment: 'empty' }), []);
    });

    test('a new value is in force at once, with a version of its own', async () => {
      await using world = await start();
      if (world.store.traits.isReadOnly) return;
      const first = await world.store.write(at('KEY'), new Secret('old'), somebody, change);
      const second = await world.store.write(at('KEY'), new Secret('new'), somebody, change);
      assert.notEqual(first.version, second.version);
      const held = await world.store.read(at('KEY'));
      assert.deepEqual([held?.version, held?.value.reveal()], [second.version, 'new']);
      const [listed] = await world.store.list({ app: 'shop', environment: 'production' });
      assert.equal(listed?.version, second.version);
    });

    test('a rotation keeps the old value until it is revoked, and the one in force is never revoked', async () => {
      await using world = await start();
      if (world.store.traits.isReadOnly) return;
      const place = at('KEY');
      const first = await world.store.write(place, new Secret('old'), somebody, change);
      const second = await world.store.write(place, new Secret('new'), somebody, rotated);
      assert.equal((await world.store.read(place, first.version))?.value.reveal(), 'old');
      await rejectsWith('conflict', world.store.revoke(place, second.version, somebody));
      await world.store.revoke(place, first.version, somebody);
      await world.store.revoke(place, first.version, somebody);
      assert.equal(await world.store.read(place, first.version), null);
      assert.equal((await world.store.read(place))?.value.reveal(), 'new');
    });

    test('what is removed is gone in all its versions, and a value after that has a version that never was', async () => {
      await using world = await start();
      if (world.store.traits.isReadOnly) return;
      const place = at('KEY');
      const versions = [
        await world.store.write(place, new Secret('one'), somebody, change),
        await world.store.write(place, new Secret('two'), somebody, rotated),
      ].map(({ version }) => version);
      await world.store.remove(place, somebody, 'no longer needed');
      for (const version of [undefined, ...versions]) assert.equal(await world.store.read(place, version), null);
      assert.deepEqual(await world.store.list({ app: 'shop', environment: 'production' }), []);
      await rejectsWith('not-found', world.store.remove(place, somebody, null));
      const third = await world.store.write(place, new Secret('three'), somebody, change);
      assert.ok(!versions.includes(third.version));
      assert.equal((await world.store.read(place))?.value.reveal(), 'three');
    });

    test('a store that Lotse only reads refuses changes, and says where values are given', async () => {
      await using world = await start();
      const { store } = world;
      if (!store.traits.isReadOnly) return;
      await give(world, at('KEY'), 'value');
      await rejectsWith('conflict', store.write(at('KEY'), new Secret('x'), somebody, change));
      await rejectsWith('conflict', store.revoke(at('KEY'), '1', somebody));
      await rejectsWith('conflict', store.remove(at('KEY'), somebody, null));
      assert.equal((await store.read(at('KEY')))?.value.reveal(), 'value');
    });
  });
}

async function give({ store, plant }: StoreUnderTest, place: SecretPlace, value: string): Promise<void> {
  if (store.traits.isReadOnly) await plant(place, value);
  else await store.write(place, new Secret(value), somebody, change);
}

async function rejectsWith(code: ErrorCode, doing: Promise<unknown>): Promise<void> {
  await assert.rejects(doing, (error) => {
    assert.ok(error instanceof LotseError, String(error));
    assert.equal(error.code, code, error.message);
    if (code === 'conflict') assert.ok(error.message.length > 20);
    return true;
  });
}
