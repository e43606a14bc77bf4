import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TicketKeys } from './ticket-keys.ts';

describe('keys of session tickets', () => {
  const dayMs = 86_400_000;
  const startMs = 20_000 * dayMs + 5_000;

  it('are the same in all processes with the same secret, whenever they got it', () => {
    const parent = TicketKeys.random(startMs);
    const early = new TicketKeys(parent.shared(startMs));
    const late = new TicketKeys(parent.shared(startMs + 3 * dayMs));
    assert.deepEqual(early.key(startMs + 3 * dayMs), late.key(startMs + 3 * dayMs));
    assert.equal(late.key(startMs + 3 * dayMs).length, 48);
  });

  it('change at midnight (UTC), say when, and never go back', () => {
    const keys = TicketKeys.random(startMs);
    const first = keys.key(startMs);
    const untilMs = keys.validUntilMs(startMs);
    assert.equal(untilMs, 20_001 * dayMs);
    assert.deepEqual(keys.key(untilMs - 1), first);
    const second = keys.key(untilMs);
    assert.notDeepEqual(second, first);
    assert.deepEqual(keys.key(startMs), second);
  });

  it('differ from the secret that they are made from', () => {
    const keys = TicketKeys.random(startMs);
    assert.notEqual(keys.shared(startMs).secret, keys.key(startMs).toString('hex'));
    assert.notEqual(keys.shared(startMs).secret, keys.shared(startMs + dayMs).secret);
  });
});
