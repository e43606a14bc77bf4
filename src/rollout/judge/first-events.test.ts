import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FirstEvents } from './first-events.ts';

const row = (bucket: number, isNew: boolean, hasEvent = false, requests = 1) => ({ bucket, isNew, hasEvent, requests });

describe('first events by bucket', () => {
  it('count each bucket once, and only while it is at risk', () => {
    const risk = FirstEvents.of(1000);
    const first = risk.take([row(0, true, true, 4), row(1, true), row(500, false), row(501, false, true)]);
    assert.deepEqual(first, { newUnits: 2, oldUnits: 2, newEvents: 1, oldEvents: 1, newRequests: 5 });
    const again = risk.take([row(0, true, true), row(501, false, true), row(1, true, true)]);
    assert.deepEqual(again, { newUnits: 1, oldUnits: 1, newEvents: 1, oldEvents: 0, newRequests: 1 });
  });

  it('keep a quiet bucket at risk', () => {
    const risk = FirstEvents.of(1000);
    risk.take([row(0, true), row(1, false)]);
    assert.deepEqual(risk.take([row(2, false)]), {
      ...{ newUnits: 1, oldUnits: 2, newEvents: 0, oldEvents: 0, newRequests: 0 },
    });
  });

  it('move a bucket to the new arm when the share has grown over it', () => {
    const risk = FirstEvents.of(1000);
    risk.take([row(0, true), row(100, false)]);
    const grown = risk.take([row(100, true, true)]);
    assert.deepEqual(grown, { newUnits: 2, oldUnits: 0, newEvents: 1, oldEvents: 0, newRequests: 1 });
  });

  it('move a bucket back to the old arm when the share has become smaller', () => {
    const risk = FirstEvents.of(1000);
    risk.take([row(0, true), row(100, true)]);
    const shrunk = risk.take([row(100, false, true)]);
    assert.deepEqual(shrunk, { newUnits: 1, oldUnits: 1, newEvents: 0, oldEvents: 1, newRequests: 0 });
  });

  it('know no bucket beyond their number', () => {
    const none = { newUnits: 0, oldUnits: 0, newEvents: 0, oldEvents: 0, newRequests: 0 };
    assert.deepEqual(FirstEvents.of(1000).take([row(1000, true, true), row(-1, false, true)]), none);
  });

  it('see everybody anew in a new epoch, but for those who had their event', () => {
    const risk = FirstEvents.of(1000);
    risk.take([row(0, true, true), row(1, true), row(100, false), row(500, false)]);
    risk.beginEpoch();
    const next = risk.take([row(0, true, true), row(100, true, true), row(500, false)]);
    assert.deepEqual(next, { newUnits: 1, oldUnits: 1, newEvents: 1, oldEvents: 0, newRequests: 1 });
  });

  it('go on from their state as if nothing had happened', () => {
    const risk = FirstEvents.of(10);
    risk.take([row(0, true, true), row(1, true), row(2, false)]);
    const other = FirstEvents.from(risk.state);
    assert.equal(other.state, risk.state);
    const next = [row(1, true, true), row(3, false)];
    assert.deepEqual(other.take(next), risk.take(next));
  });
});
