import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { LotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import { JudgedWorld, rules } from '../../engine/fixtures/judged-world.ts';
import { queryForVariant, type VariantSignal } from '../../ports/signals/signals.ts';
import { FlagBook } from './flag-book.ts';
import { FlagGuard } from './flag-guard.ts';
import { stateHistory } from './flag-rows.ts';

const scope = { app: 'shop', environment: 'production' };
const person = { kind: 'person', id: 'ada' } as const;
const menu = {
  ...{ state: 'ENABLED', variants: { new: true, old: false }, defaultVariant: 'new' },
  lotse: { off: 'old', guard: ['failures_of_orders'] },
};
const signal: VariantSignal = {
  ...{ signal: 'failures_of_orders', better: 'lower', url: 'http://metrics.test', margin: 1.1, limits: [0.05] },
  query: 'failed{menu=~"$variant"}[1m] / orders{menu=~"$variant"}[1m]',
};

/** What Prometheus says of each variant; an error: it says nothing. */
type Numbers = Readonly<Record<string, number | null | Error>>;

async function world(t: TestContext, clock = { now: 1_700_000_000_000 }, definition: object = menu) {
  const { database, journal } = await temporaryDatabase(t);
  const text = JSON.stringify({ flags: { menu: definition } });
  const logged: object[] = [];
  const now = () => clock.now;
  const shown = { numbers: { new: 0, old: 0 } satisfies Numbers as Numbers, query: signal.query };
  const log = (about: object) => void logged.push(about);
  const definitions = async () => ['r2', 'r1'].map((release) => ({ release, text }));
  const parts = { database, journal, fence: () => 1, now, definitions, log };
  const book = new FlagBook(parts);
  const asked: string[] = [];
  const guard = new FlagGuard({
    ...{ ...parts, book, scopes: async () => [scope], signals: async () => [{ ...signal, query: shown.query }] },
    readMetric: async ({ query }) => {
      asked.push(query);
      const variant = /menu=~"(.*?)"/.exec(query)?.[1] ?? '';
      const number = shown.numbers[variant] ?? null;
      if (number instanceof Error) throw number;
      return number;
    },
  });
  t.after(async () => {
    await guard.close();
    await book.close();
  });
  const look = async (numbers: Numbers, times = 1) => {
    shown.numbers = numbers;
    for (let time = 0; time < times; time += 1) {
      clock.now += 15_000;
      await guard.lookAtAll();
    }
  };
  const switched = async () => (await book.of(scope)).live('menu')?.switched ?? null;
  const versions = async () => await stateHistory(database.db, scope, 'menu');
  return { book, guard, shown, asked, logged, look, switched, versions, clock };
}

describe('the guard of a flag', () => {
  it('turns it off when a variant does harm, five times in a row, and says why', async (t) => {
    const { look, switched, versions } = await world(t);
    await look({ new: 0.02, old: 0.01 }, 4);
    await look({ new: 0.01, old: 0.01 });
    await look({ new: 0.02, old: 0.01 }, 4);
    assert.equal(await switched(), null, 'what was good in between ends a streak');
    await look({ new: 0.02, old: 0.01 });
    assert.equal(await switched(), 'off');
    const [version] = await versions();
    assert.deepEqual([version?.by, version?.changedBy], ['Lotse', systemActor]);
    assert.equal(version?.reason, 'its guard: failures_of_orders is 0.02 for new and 0.01 for old, 5 times in a row');
  });

  it('turns it off when one variant alone is past a limit for half a minute, also when all get it', async (t) => {
    const { look, switched, versions } = await world(t);
    await look({ new: 0.2, old: null }, 2);
    assert.equal(await switched(), null);
    await look({ new: 0.2, old: null });
    assert.equal(await switched(), 'off');
    assert.match((await versions())[0]?.reason ?? '', /is 0\.2 for new; at most 0\.05 is allowed$/);
  });

  it('leaves it alone when it is as bad without it, or when there are no numbers', async (t) => {
    const { look, switched, guard, logged } = await world(t);
    await look({ new: 0.2, old: 0.2 }, 10);
    assert.equal(await guard.isCauseOf(scope, signal.signal), false);
    await look({ new: new LotseError('unreachable', 'nobody answers'), old: 0.01 }, 10);
    assert.equal(await guard.isCauseOf(scope, signal.signal), false, 'nobody is suspected for what cannot be read');
    assert.deepEqual([await switched(), logged.length], [null, 1]);
  });

  it('looks at each release that runs, where the query names one', async (t) => {
    const { look, shown, asked } = await world(t);
    shown.query = 'failed{release="$release",menu=~"$variant"}[1m]';
    await look({ new: 0, old: 0 });
    assert.deepEqual(asked.toSorted(), [
      'failed{release="r1",menu=~"new"}[1m]',
      'failed{release="r1",menu=~"old"}[1m]',
      'failed{release="r2",menu=~"new"}[1m]',
      'failed{release="r2",menu=~"old"}[1m]',
    ]);
  });

  it('begins afresh when a person turns it on again, and does not look while it is off', async (t) => {
    const { look, book, switched, asked } = await world(t);
    const bad = { new: 0.2, old: 0.01 };
    await look(bad, 3);
    assert.equal(await switched(), 'off');
    const before = asked.length;
    await look(bad, 5);
    assert.equal(asked.length, before);
    await book.change(scope, 'menu', { switched: 'on', reason: null }, person);
    await look(bad, 2);
    assert.equal(await switched(), 'on');
    await look(bad);
    assert.equal(await switched(), 'off');
  });

  it('is the cause of what a signal says while it suspects, and until its query looks back no further', async (t) => {
    const { look, guard, clock, switched } = await world(t);
    const isCause = async () => await guard.isCauseOf(scope, signal.signal);
    await look({ new: 0.2, old: 0.01 });
    assert.deepEqual([await isCause(), await guard.isCauseOf(scope, 'other')], [true, false]);
    await look({ new: 0.2, old: 0.01 }, 2);
    assert.equal(await switched(), 'off');
    clock.now += 60_000 + 29_000;
    assert.equal(await isCause(), true, 'a minute of [1m], and the time until it is scraped');
    clock.now += 1_000;
    assert.equal(await isCause(), false);
  });
});

/** A rollout whose limit on the signal would be broken after half a minute, judged beside the guard for five minutes. */
async function judged(t: TestContext, numbers: Numbers) {
  const limits = [{ kind: 'signal', signal: signal.signal, value: 0.05 }] as const;
  const judging = await JudgedWorld.open(t, { ...rules, limits, signals: [signal] });
  const guarded = await world(t, judging);
  guarded.shown.numbers = numbers;
  const { guard, switched } = guarded;
  const query = queryForVariant(signal.query, null);
  judging.readSignal = async () => ((await switched()) === 'off' ? 0.01 : 0.2);
  judging.signalQueries = [
    {
      ...{ signal: signal.signal, better: 'lower', source: { kind: 'prometheus', url: signal.url, query } },
      hasOtherCause: () => guard.isCauseOf(scope, signal.signal),
    },
  ];
  for (let second = 0; second < 300; second += 1) {
    await judging.look();
    // What the guard has begun is over, and what the rollout has read is there.
    await guard.isCauseOf(scope, signal.signal);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { switched: await switched(), broken: judging.judging.judged?.judgement.broken ?? null };
}

describe('a rollout', () => {
  it('goes on when a flag did the harm: the flag is turned off first', async (t) => {
    assert.deepEqual(await judged(t, { new: 0.4, old: 0.01 }), { switched: 'off', broken: [] });
  });

  it('breaks its limit when it is the release that does the harm, and the flag stays', async (t) => {
    const { switched, broken } = await judged(t, { new: 0.2, old: 0.2 });
    assert.deepEqual([switched, broken?.length], [null, 1]);
  });
});
