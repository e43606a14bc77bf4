import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownSlots, wantsSlot } from './own-slots.ts';

test('without a share an order wants all of its slots', () => {
  assert.deepEqual(ownSlots({ slots: 3 }), [0, 1, 2]);
  assert.deepEqual(ownSlots({ slots: 0 }), []);
});

test('the shares of machines have each slot once, in turn, and none has two more than another', () => {
  for (let machines = 1; machines <= 7; machines++) {
    for (let slots = 0; slots <= 30; slots++) {
      const shares = Array.from({ length: machines }, (_, first) =>
        ownSlots({ slots, share: { first, step: machines } }),
      );
      const owners = Array.from({ length: slots }, (_, slot) => shares.findIndex((share) => share.includes(slot)));
      assert.deepEqual(
        owners,
        owners.map((_, slot) => slot % machines),
      );
      for (const share of shares) {
        share.forEach((slot, index) => assert.equal(index, Math.floor(slot / machines)));
        assert.ok(share.length === Math.floor(slots / machines) || share.length === Math.ceil(slots / machines));
      }
      assert.equal(shares.flat().length, slots);
    }
  }
});

test('a slot is wanted exactly when it is among those of the order', () => {
  for (let step = 1; step <= 5; step++) {
    for (let first = 0; first < step; first++) {
      for (let slots = 0; slots <= 12; slots++) {
        const order = { slots, share: { first, step } };
        const wanted = Array.from({ length: 20 }, (_, slot) => slot).filter((slot) => wantsSlot(order, slot));
        assert.deepEqual(wanted, ownSlots(order));
      }
    }
  }
});
