import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decidePipelines,
  nameOfRun,
  numberOfRun,
  type Decision,
  type JobState,
  type PipelineJob,
  type PipelineRun,
} from './pipeline.ts';

function job(name: string, needs: readonly string[] = [], state: JobState = 'waiting'): PipelineJob {
  const nothing = { startedAt: null, endedAt: null, exitCode: null, cache: null, note: null, hasArtifacts: false };
  return { job: name, needs, state, attempt: 1, ...nothing };
}

function run(number: number, jobs: readonly PipelineJob[], more: Partial<PipelineRun> = {}): PipelineRun {
  return { app: 'shop', number, state: 'running', isCancelled: false, group: null, newer: null, jobs, ...more };
}

const say = (decisions: readonly Decision[]) =>
  decisions.map((each) => {
    const what = 'job' in each ? ` ${each.job}` : 'state' in each ? ` ${each.state}` : '';
    return `${each.kind} ${each.run.number}${what}`;
  });

test('a job begins when all that it needs has passed, and as many run at once as may', () => {
  const jobs = [job('build', [], 'passed'), job('test', ['build']), job('scan', ['build']), job('pack', ['test'])];
  assert.deepEqual(say(decidePipelines([run(1, jobs)], 4)), ['begin-job 1 test', 'begin-job 1 scan']);
  assert.deepEqual(say(decidePipelines([run(1, jobs)], 1)), ['begin-job 1 test']);
  assert.deepEqual(say(decidePipelines([run(1, jobs), run(2, [job('test')])], 3)), [
    'begin-job 1 test',
    'begin-job 1 scan',
    'begin-job 2 test',
  ]);
});

test('what needs a job that has failed is skipped, and the others go on', () => {
  const jobs = [job('test', [], 'failed'), job('pack', ['test']), job('scan')];
  assert.deepEqual(say(decidePipelines([run(1, jobs)], 4)), ['drop-job 1 pack', 'begin-job 1 scan']);
  const over = [job('test', [], 'failed'), job('pack', ['test'], 'skipped'), job('scan', [], 'passed')];
  assert.deepEqual(say(decidePipelines([run(1, over)], 4)), ['end-run 1 failed']);
});

test('a newer run of the group cancels the older ones and begins when they are gone, or waits for them', () => {
  const cancels = { group: 'branch main', newer: 'cancels' } as const;
  const older = run(1, [job('test', [], 'running')], cancels);
  const newer = run(2, [job('test')], { ...cancels, state: 'queued' });
  const elsewhere = run(3, [job('test')], { ...cancels, group: 'branch other', state: 'queued' });
  assert.deepEqual(say(decidePipelines([older, newer, elsewhere], 4)), ['cancel-run 1', 'begin-run 3']);
  assert.deepEqual(say(decidePipelines([{ ...older, isCancelled: true }, newer], 4)), ['stop-job 1 test']);
  assert.deepEqual(say(decidePipelines([newer], 4)), ['begin-run 2']);
  const waits = { ...newer, newer: 'waits' } as const;
  assert.deepEqual(say(decidePipelines([older, waits], 4)), []);
  assert.deepEqual(say(decidePipelines([older, { ...waits, app: 'other' }], 4)), ['begin-run 2']);
});

test('a run that is cancelled ends what runs, drops what waits, and is over then', () => {
  const jobs = [job('test', [], 'running'), job('pack', ['test'])];
  const cancelled = run(1, jobs, { isCancelled: true });
  assert.deepEqual(say(decidePipelines([cancelled], 4)), ['stop-job 1 test', 'drop-job 1 pack']);
  const over = run(1, [job('test', [], 'cancelled'), job('pack', ['test'], 'cancelled')], { isCancelled: true });
  assert.deepEqual(say(decidePipelines([over], 4)), ['end-run 1 cancelled']);
});

test('names of runs are read back, and nothing else is', () => {
  assert.equal(numberOfRun(nameOfRun({ number: 17 })), 17);
  for (const bad of ['', 'pipeline-', 'pipeline-0', 'pipeline-01', 'pipeline-1 ', 'pipeline-1/x', '17'])
    assert.equal(numberOfRun(bad), null, bad);
});

/** Jobs need earlier ones only, as after the check of the manifest. */
const someJobs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 7 }).map((needs) =>
  needs.map((wanted, index) => {
    const before = index === 0 ? [] : [...new Set(wanted.map((each) => `j${each % index}`))];
    return job(`j${index}`, before);
  }),
);
const someRuns = fc.array(
  fc.record({
    jobs: someJobs,
    group: fc.constantFrom(null, 'a', 'b'),
    newer: fc.constantFrom('cancels' as const, 'waits' as const),
  }),
  { minLength: 1, maxLength: 5 },
);

interface World {
  runs: PipelineRun[];
}

function perform(world: World, decision: Decision): void {
  const change = (number: number, changed: (before: PipelineRun) => PipelineRun) => {
    world.runs = world.runs.map((each) => (each.number === number ? changed(each) : each));
  };
  const setJob = (name: string, state: JobState) =>
    change(decision.run.number, (before) => ({
      ...before,
      jobs: before.jobs.map((each) => (each.job === name ? { ...each, state } : each)),
    }));
  switch (decision.kind) {
    case 'begin-run':
      return change(decision.run.number, (before) => ({ ...before, state: 'running' }));
    case 'cancel-run':
      return change(decision.run.number, (before) => ({ ...before, isCancelled: true }));
    case 'begin-job':
      return setJob(decision.job, 'running');
    case 'stop-job':
      return setJob(decision.job, 'cancelled');
    case 'drop-job':
      return setJob(decision.job, decision.because === null ? 'cancelled' : 'skipped');
    case 'end-run':
      return change(decision.run.number, (before) => ({ ...before, state: decision.state }));
  }
}

test('every run ends, no job begins before what it needs, no more run at once than may, and one run of a group at a time', () => {
  const property = fc.property(
    someRuns,
    fc.integer({ min: 1, max: 4 }),
    fc.infiniteStream(fc.nat(9)),
    (given, atOnce, luck) => {
      const world: World = {
        runs: given.map(({ jobs, group, newer }, index) =>
          run(index + 1, jobs, { state: 'queued', group, newer: group === null ? null : newer }),
        ),
      };
      const open = () => world.runs.filter(({ state }) => state === 'queued' || state === 'running');
      for (let round = 0; open().length > 0; round += 1) {
        assert.ok(round < 500, 'it goes on for ever');
        const decisions = decidePipelines(open(), atOnce);
        for (const decision of decisions) perform(world, decision);
        check(world, atOnce);
        if (decisions.length > 0) continue;
        const running = open().flatMap((each) =>
          each.jobs.flatMap((one) => (one.state === 'running' ? [[each, one] as const] : [])),
        );
        const [chosen] = running;
        assert.ok(chosen !== undefined, 'nothing follows and nothing runs, but runs are open');
        const state = (luck.next().value ?? 0) === 0 ? 'failed' : 'passed';
        const jobs = chosen[0].jobs.map((each) => (each === chosen[1] ? ({ ...each, state } as const) : each));
        world.runs = world.runs.map((each) => (each === chosen[0] ? { ...each, jobs } : each));
      }
      for (const each of world.runs) {
        const passed = each.jobs.every(({ state }) => state === 'passed');
        assert.equal(each.state === 'passed', passed);
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});

function check({ runs }: World, atOnce: number): void {
  const jobs = runs.flatMap((each) => each.jobs);
  assert.ok(jobs.filter(({ state }) => state === 'running').length <= atOnce);
  for (const each of runs)
    for (const { needs, state } of each.jobs)
      if (state === 'running' || state === 'passed')
        for (const need of needs) assert.equal(each.jobs.find(({ job: name }) => name === need)?.state, 'passed');
  const grouped = runs.filter(({ group, state }) => group !== null && state === 'running').map(({ group }) => group);
  assert.equal(new Set(grouped).size, grouped.length, 'two runs of one group are under way');
}
