import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LotseError } from '../core/errors.ts';
import type { SignalQuery, SignalQuestion } from '../ports/signals/signals.ts';
import { plan } from '../rollout/fixtures/example-rollout.ts';
import { JudgedWorld, rules as worldRules } from './fixtures/judged-world.ts';
import { SignalReadings } from './signal-readings.ts';

const url = 'http://metrics.test';
const checkouts: SignalQuery = {
  ...{ signal: 'checkouts', better: 'higher' },
  source: { kind: 'prometheus', url, query: 'sum(rate(checkouts{release="$release"}[1m]))' },
};
const queue: SignalQuery = {
  signal: 'queue',
  better: 'lower',
  source: { kind: 'prometheus', url, query: 'max(queue)' },
};
const orders: SignalQuery = {
  ...{ signal: 'orders', better: 'higher' },
  source: { kind: 'job', argv: ['npm', 'run', 'orders'], root: 'app' },
};

async function readings(t: Parameters<typeof JudgedWorld.open>[0], queries: readonly SignalQuery[], of = plan()) {
  const world = await JudgedWorld.open(t);
  world.signalQueries = queries;
  const signals = new SignalReadings(world.parts, of);
  t.after(() => signals.close());
  const read = async (afterMs: number) => {
    world.now += afterMs;
    signals.follow();
    await new Promise((resolve) => setImmediate(resolve));
    return signals.take();
  };
  return { world, signals, read };
}

describe('signals', () => {
  it('are read every 15 seconds; a query that names a release is asked about both', async (t) => {
    const { world, read } = await readings(t, [checkouts, queue]);
    const asked: SignalQuestion[] = [];
    world.readSignal = async (question) => asked.push(question);
    const at = world.now;
    assert.deepEqual(await read(0), [
      { signal: 'checkouts', at, new: 1, old: 2 },
      { signal: 'queue', at, new: 3, old: null },
    ]);
    assert.deepEqual(asked.slice(0, 2), [
      { kind: 'prometheus', url, query: 'sum(rate(checkouts{release="r2"}[1m]))' },
      { kind: 'prometheus', url, query: 'sum(rate(checkouts{release="r1"}[1m]))' },
    ]);
    assert.deepEqual(await read(0), []);
    assert.deepEqual(await read(14_999), []);
    assert.equal((await read(1)).length, 2);
    assert.equal((await read(-3_600_000)).length, 2);
  });

  it('by a job run with the new release, once for each release and under a new key each time', async (t) => {
    const { world, read } = await readings(t, [orders]);
    const jobs: Extract<SignalQuestion, { kind: 'job' }>['job'][] = [];
    world.readSignal = async (question) => (question.kind === 'job' ? jobs.push(question.job) : null);
    await read(0);
    await read(15_000);
    assert.deepEqual(
      jobs.map(({ revision, variables, root }) => [revision, variables['LOTSE_SIGNAL_RELEASE'], root]),
      [1, 2].flatMap(() => [
        ['production-2', 'r2', 'app'],
        ['production-2', 'r1', 'app'],
      ]),
    );
    assert.equal(new Set(jobs.map(({ key }) => key)).size, 4);
    assert.match(jobs[0]?.key ?? '', /^shop\/production\/production-rollout-2\/signal\/\d+\/orders\/new$/);
  });

  it('by a job have a key that never comes twice, also when the clock was set or another control plane asks', async (t) => {
    const { world, read } = await readings(t, [orders]);
    const jobs: Extract<SignalQuestion, { kind: 'job' }>['job'][] = [];
    world.readSignal = async (question) => (question.kind === 'job' ? jobs.push(question.job) : null);
    await read(900);
    await read(-500);
    world.now += 15_000;
    const after = new SignalReadings(world.parts, plan());
    t.after(() => after.close());
    after.follow();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(new Set(jobs.map(({ key }) => key)).size, 6);
    assert.deepEqual(
      new Set(jobs.map(({ app, environment }) => `${app}/${environment}`)),
      new Set(['shop/production']),
    );
  });

  for (const before of [{ kind: 'maintenance' }, { kind: 'adopted', host: '10.0.0.9', port: 80 }] as const) {
    it(`are asked about the new release alone where no other one served (${before.kind})`, async (t) => {
      const { world, read } = await readings(t, [checkouts, queue], { ...plan(), before });
      const asked: SignalQuestion[] = [];
      world.readSignal = async (question) => asked.push(question);
      const seen = await read(0);
      assert.deepEqual(
        seen.map(({ signal, new: fresh, old }) => [signal, fresh, old]),
        [
          ['checkouts', 1, null],
          ['queue', 2, null],
        ],
      );
      assert.equal(asked.length, 2);
    });
  }

  it('of which nobody can say what they are are told once, and looked up again', async (t) => {
    const { world, read } = await readings(t, [queue]);
    const { signals: known } = world.parts.bindings;
    world.parts.bindings.signals = async () => Promise.reject(new LotseError('not-found', 'no such definition'));
    for (let time = 0; time < 2; time++) assert.deepEqual(await read(15_000), []);
    assert.deepEqual(world.problems, ['reading the signals: no such definition']);
    world.parts.bindings.signals = known;
    assert.equal((await read(15_000)).length, 1);
  });

  it('that cannot be read are no number, and told once until they can be read again', async (t) => {
    const { world, read } = await readings(t, [queue]);
    const fail = async () => Promise.reject(new LotseError('unreachable', 'nobody answers', { retriable: true }));
    world.readSignal = fail;
    const [first] = await read(0);
    assert.equal(first?.new, null);
    await read(15_000);
    assert.deepEqual(world.problems, ['reading the signal queue of r2: nobody answers']);
    world.readSignal = async () => 4;
    await read(15_000);
    world.readSignal = fail;
    await read(15_000);
    assert.equal(world.problems.length, 2);
  });

  it('hold up nobody: one that hangs is not asked again before it has ended', async (t) => {
    const { world, signals, read } = await readings(t, [queue]);
    const asked: AbortSignal[] = [];
    world.readSignal = async (_, signal) => {
      asked.push(signal);
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
    };
    for (let time = 0; time < 5; time++) assert.deepEqual(await read(15_000), []);
    assert.deepEqual(
      asked.map(({ aborted }) => aborted),
      [false],
    );
    signals.close();
    assert.equal(asked[0]?.aborted, true, 'nobody reads for a rollout that is over');
    assert.deepEqual([await read(15_000), world.problems], [[], []]);
  });

  it('that something else has changed say so', async (t) => {
    const hasOtherCause = async () => true;
    const { world, read } = await readings(t, [{ ...queue, hasOtherCause }]);
    world.readSignal = async () => 4;
    assert.deepEqual(await read(0), [{ signal: 'queue', at: world.now, new: 4, old: null, hasOtherCause: true }]);
  });

  it('reach the judge with the look after they came', async (t) => {
    const limits = [{ kind: 'signal', signal: 'queue', value: 100 }] as const;
    const world = await JudgedWorld.open(t, { ...worldRules, limits, signals: [{ signal: 'queue', better: 'lower' }] });
    world.signalQueries = [queue];
    world.readSignal = async () => 500;
    for (let second = 0; second < 120 && (world.judging.judged?.judgement.broken.length ?? 0) === 0; second++) {
      await world.look();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.match(world.judging.judged?.judgement.broken.join() ?? '', /queue/);
  });
});
