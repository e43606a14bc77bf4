import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { temporaryDatabase } from '../../database/temporary-database.ts';
import type { EnvironmentView } from '../../engine/engine.ts';
import { emptyView } from '../../engine/environment-log.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import { revision as exampleRevision } from '../../rollout/fixtures/example-rollout.ts';
import type { JobDefinition } from '../../rollout/release.ts';
import { LotseError } from '../../core/errors.ts';
import { ScheduleBook } from './schedule-rows.ts';
import { Scheduler } from './scheduler.ts';

const scope = { app: 'shop', environment: 'production' };
const start = Date.parse('2026-05-04T03:00:00Z');
const minute = 60_000;

function job(name: string, cron: string, withinMs = minute): JobDefinition {
  return { job: name, argv: ['node', `${name}.mjs`], root: '.', withinMs, schedule: { cron, timezone: 'UTC' } };
}

/** A real database, a clock that is set by hand, and a target that starts a key once, as its contract says. */
async function world(t: TestContext, jobs: readonly JobDefinition[]) {
  let now = start;
  const { database, journal } = await temporaryDatabase(t, { now: () => now });
  const book = new ScheduleBook({ database, journal, fence: () => 1 });
  const started = new Map<string, ObservedJob>();
  const forgotten: string[] = [];
  const state = { view: serving('production-1'), jobs, refuse: null as LotseError | null, blind: false };
  const parts = {
    book,
    engine: {
      view: () => state.view,
      async startJob(_scope: object, wanted: { readonly key: string; readonly forgets?: readonly string[] }) {
        if (state.refuse !== null) throw state.refuse;
        forgotten.push(...(wanted.forgets ?? []));
        const running = { key: wanted.key, state: 'running', exitCode: null, signal: null, logTail: [] } as const;
        if (!started.has(wanted.key)) started.set(wanted.key, running);
      },
    },
    target: {
      async observeJob(key: string) {
        if (state.blind) throw new LotseError('unreachable', 'no way there', { retriable: true });
        return started.get(key) ?? null;
      },
      cancelJob: () => Promise.resolve(),
    },
    scopes: () => Promise.resolve([scope]),
    revision: () => Promise.resolve(exampleRevision(1, undefined, { jobs: state.jobs })),
    given: () => Promise.resolve({}),
    now: () => now,
    log: () => undefined,
  };
  const open = async () => {
    const scheduler = new Scheduler(parts);
    await scheduler.open();
    return scheduler;
  };
  let scheduler = await open();
  const look = async () => {
    // The second look sees what the first one has begun.
    for (let looks = 0; looks < 2; looks++) {
      await scheduler.look();
      await scheduler.settled();
    }
  };
  await look();
  /** Types of events with their payloads, but those of the beginning. */
  const told = async () => {
    const events = await journal.readAll({ afterPosition: 0, limit: 1000 });
    return events.flatMap(({ type, payload }) => (type === 'schedule-begun' ? [] : [[type, payload] as const]));
  };
  return {
    state,
    started,
    forgotten,
    look,
    async at(offsetMs: number) {
      now = start + offsetMs;
      await look();
    },
    async restart() {
      scheduler = await open();
      await look();
    },
    end(key: string, exitCode: number) {
      const ended = {
        key,
        exitCode,
        state: exitCode === 0 ? 'succeeded' : 'failed',
        signal: null,
        logTail: [],
      } as const;
      started.set(key, ended);
    },
    told,
    types: async () => (await told()).map(([type]) => type),
  };
}

function serving(revision: string | null): EnvironmentView {
  const level =
    revision === null
      ? ({ kind: 'maintenance', message: 'down' } as const)
      : ({ kind: 'shares', shares: [{ revision, permille: 1000 }] } as const);
  return { ...emptyView, environment: { ...emptyView.environment, level } };
}

test('a run starts at its moment, once, under a key that is that moment, and its end is told', async (t) => {
  const { at, end, started, told } = await world(t, [job('tidy', '30 3 * * *')]);
  await at(29 * minute);
  assert.equal(started.size, 0);
  await at(30 * minute);
  const key = 'shop/production/tidy/2026-05-04T03:30:00Z';
  assert.deepEqual([...started.keys()], [key]);
  await at(30 * minute + 1_000);
  end(key, 3);
  await at(30 * minute + 6_000);
  assert.deepEqual(await told(), [
    ['scheduled-run-started', { key, job: 'tidy', dueAt: start + 30 * minute, revision: 'production-1' }],
    [
      'scheduled-run-ended',
      { key, job: 'tidy', dueAt: start + 30 * minute, state: 'failed', exitCode: 3, signal: null, note: null },
    ],
  ]);
});

test('two schedules are due at once and both run', async (t) => {
  const { at, started } = await world(t, [job('tidy', '* * * * *'), job('mail', '* * * * *')]);
  await at(minute);
  assert.equal(started.size, 2);
});

test('while a run is under way the next one is skipped, and the one after its end runs', async (t) => {
  const { at, end, started, types } = await world(t, [job('tidy', '* * * * *', 10 * minute)]);
  await at(minute);
  await at(2 * minute);
  assert.equal(started.size, 1);
  end('shop/production/tidy/2026-05-04T03:01:00Z', 0);
  await at(2 * minute + 10_000);
  await at(3 * minute);
  assert.deepEqual([...started.keys()].at(-1), 'shop/production/tidy/2026-05-04T03:03:00Z');
  assert.deepEqual(await types(), [
    'scheduled-run-started',
    'scheduled-run-skipped',
    'scheduled-run-ended',
    'scheduled-run-started',
  ]);
});

test('a restart follows what runs and starts nothing twice', async (t) => {
  const { at, restart, end, started, types } = await world(t, [job('tidy', '30 3 * * *')]);
  await at(30 * minute);
  await restart();
  await restart();
  assert.equal(started.size, 1);
  end('shop/production/tidy/2026-05-04T03:30:00Z', 0);
  await at(31 * minute);
  await restart();
  assert.deepEqual(await types(), ['scheduled-run-started', 'scheduled-run-ended']);
});

test('a control plane that ended between intent and start has the run started by the next one', async (t) => {
  const { at, restart, state, started } = await world(t, [job('tidy', '30 3 * * *')]);
  state.refuse = new LotseError('unreachable', 'not yet', { retriable: true });
  await at(30 * minute);
  assert.equal(started.size, 0);
  state.refuse = null;
  await restart();
  assert.deepEqual([...started.keys()], ['shop/production/tidy/2026-05-04T03:30:00Z']);
});

test('what was missed for long is told once and not made up for', async (t) => {
  const { at, started, told } = await world(t, [job('tidy', '* * * * *')]);
  await at(120 * minute + 45_000);
  assert.equal(started.size, 0);
  assert.deepEqual(await told(), [
    ['scheduled-runs-missed', { job: 'tidy', count: 120, first: start + minute, last: start + 120 * minute }],
  ]);
});

test('a clock that is set back repeats nothing, and goes on from where it was', async (t) => {
  const { at, end, started } = await world(t, [job('tidy', '* * * * *')]);
  await at(10 * minute);
  end('shop/production/tidy/2026-05-04T03:10:00Z', 0);
  await at(8 * minute);
  await at(9 * minute);
  await at(10 * minute + 1_000);
  assert.equal(started.size, 1);
  await at(11 * minute);
  assert.equal(started.size, 2);
});

test('a clock that was months ahead and is right again does not leave the schedule standing', async (t) => {
  const { at, end, started } = await world(t, [job('tidy', '0 * * * *')]);
  const months = 90 * 24 * 60 * minute;
  await at(months);
  for (const key of started.keys()) end(key, 0);
  await at(30 * minute);
  await at(60 * minute);
  assert.ok(started.has('shop/production/tidy/2026-05-04T04:00:00Z'));
});

test('nothing runs where nothing serves, and nothing of it counts as missed', async (t) => {
  const { at, state, started, told } = await world(t, [job('tidy', '* * * * *')]);
  state.view = serving(null);
  await at(5 * minute);
  state.view = serving('production-1');
  await at(60 * minute);
  assert.equal(started.size, 0);
  assert.deepEqual(await told(), []);
  await at(61 * minute);
  assert.equal(started.size, 1);
});

test('a changed schedule holds from then on', async (t) => {
  const { at, state, started } = await world(t, [job('tidy', '30 3 * * *')]);
  state.jobs = [job('tidy', '0 5 * * *')];
  state.view = serving('production-2');
  await at(30 * minute);
  assert.equal(started.size, 0);
  await at(120 * minute);
  assert.deepEqual([...started.keys()], ['shop/production/tidy/2026-05-04T05:00:00Z']);
});

test('a run that cannot be started says why: at once, or when its time is over', async (t) => {
  const first = await world(t, [job('tidy', '30 3 * * *')]);
  first.state.refuse = new LotseError('not-found', 'the artifact is gone');
  await first.at(30 * minute);
  assert.deepEqual(await first.types(), ['scheduled-run-started', 'scheduled-run-ended']);
  assert.match(JSON.stringify(await first.told()), /not-started.*the artifact is gone/);

  const second = await world(t, [job('tidy', '30 3 * * *')]);
  second.state.refuse = new LotseError('unreachable', 'the engine is away', { retriable: true });
  await second.at(30 * minute);
  await second.at(39 * minute);
  assert.deepEqual(await second.types(), ['scheduled-run-started']);
  await second.at(41 * minute);
  assert.match(JSON.stringify(await second.told()), /not-started.*the engine is away/);
});

test('a run that is not over long after it should be is told once, also by a target that does not answer', async (t) => {
  const { at, state, types } = await world(t, [job('tidy', '30 3 * * *', minute)]);
  await at(30 * minute);
  state.blind = true;
  await at(31 * minute);
  assert.deepEqual(await types(), ['scheduled-run-started']);
  await at(33 * minute);
  await at(50 * minute);
  assert.deepEqual(await types(), ['scheduled-run-started', 'scheduled-run-overdue']);
});

test('of each schedule thirty runs are kept, and the target is told which it may forget', async (t) => {
  const { at, end, started, forgotten } = await world(t, [job('tidy', '* * * * *')]);
  for (let each = 1; each <= 32; each++) {
    await at(each * minute);
    for (const key of started.keys()) end(key, 0);
    await at(each * minute + 6_000);
  }
  assert.deepEqual(forgotten, [
    'shop/production/tidy/2026-05-04T03:01:00Z',
    'shop/production/tidy/2026-05-04T03:02:00Z',
  ]);
});
