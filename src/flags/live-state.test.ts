import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileFlag } from './compile-flag.ts';
import type { FlagDefinition } from './definitions.ts';
import { asDefined, inForce, nextTurnMs, offBy, type LiveState } from './live-state.ts';
import { murmur3, saltedMurmur3 } from './murmur3.ts';

const now = Date.UTC(2026, 10, 22);
const definition: FlagDefinition = {
  state: 'ENABLED',
  variants: { new: 1, old: 2 },
  defaultVariant: 'old',
  targeting: { if: [{ '==': [{ var: 'plan' }, 'staff'] }, 'new'] },
  metadata: {},
  additions: { offVariant: null, fromMs: null, untilMs: null, guard: [] },
};

function variantFor(context: object, state: Partial<LiveState>, more: Partial<FlagDefinition> = {}): string {
  const held = inForce({ ...definition, ...more }, { ...asDefined, ...state }, now);
  const { variant, reason } = compileFlag('menu', held, {})({ ...context }, now);
  return variant ?? reason;
}

describe('what was said about a flag', () => {
  it('turns it off for everybody: the variant for that, else the default of the code', () => {
    const staff = { plan: 'staff' };
    assert.equal(variantFor(staff, {}), 'new');
    assert.equal(variantFor(staff, { switched: 'off' }), 'DISABLED');
    const additions = { ...definition.additions, offVariant: 'old' };
    assert.equal(variantFor(staff, { switched: 'off' }, { additions }), 'old');
  });

  it('turns it on where the release has it disabled, or out of its time', () => {
    const additions = { ...definition.additions, fromMs: now + 1 };
    assert.equal(variantFor({}, {}, { additions }), 'DISABLED');
    assert.equal(variantFor({}, { switched: 'on' }, { additions }), 'old');
    assert.equal(variantFor({}, {}, { state: 'DISABLED' }), 'DISABLED');
    assert.equal(variantFor({}, { switched: 'on' }, { state: 'DISABLED' }), 'old');
    assert.equal(offBy({ ...definition, additions }, asDefined, now), 'schedule');
    assert.equal(offBy({ ...definition, additions }, asDefined, now + 1), null);
    assert.equal(nextTurnMs({ ...definition, additions }, now), now + 1);
  });

  it('leaves those alone whom a rule names', () => {
    assert.equal(variantFor({ plan: 'staff' }, { defaultVariant: 'old' }), 'new');
    assert.equal(variantFor({}, { defaultVariant: 'new' }), 'new');
    const all = { percentages: [{ variant: 'old', percent: 100 }] };
    assert.equal(variantFor({ plan: 'staff', targetingKey: 'a' }, all), 'new');
  });

  it('gives a part of the others a variant, and who has it keeps it when the part grows', () => {
    const users = Array.from({ length: 4000 }, (_, index) => ({ targetingKey: `user-${index}` }));
    const having = (percent: number) =>
      users.filter((user) => variantFor(user, { percentages: [{ variant: 'new', percent }] }) === 'new');
    const [tenth, quarter] = [having(10), having(25)];
    assert.ok(tenth.length > 320 && tenth.length < 480, `${tenth.length}`);
    assert.ok(quarter.length > 880 && quarter.length < 1120, `${quarter.length}`);
    assert.deepEqual(
      tenth.filter((user) => !quarter.includes(user)),
      [],
    );
    assert.equal(variantFor({}, { percentages: [{ variant: 'new', percent: 10 }] }), 'old', 'nobody to hash');
  });

  it('is read over where the release does not have the variant', () => {
    assert.equal(variantFor({}, { defaultVariant: 'gone' }), 'old');
    assert.equal(variantFor({ targetingKey: 'a' }, { percentages: [{ variant: 'gone', percent: 100 }] }), 'old');
  });
});

describe('a bucket', () => {
  it('is the same whether salt and key are put together or not', () => {
    const texts = ['', 'a', 'ab', 'abc', 'abcd', 'zwölf Löffel', 'abcdefghijk', '\u{1f600}', 'user-12345678'];
    for (const salt of texts) {
      const salted = saltedMurmur3(salt);
      for (const text of texts) assert.equal(salted(text), murmur3(salt + text), `${salt} ${text}`);
    }
  });

  it('is that of MurmurHash3', () => {
    assert.deepEqual([murmur3(''), murmur3('hello'), murmur3('hello, world')], [0, 0x248bfa47, 0x149bbb7f]);
  });
});
