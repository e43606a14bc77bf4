import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Looks, type Look } from '../../core/looks.ts';
import type { ObservedJob } from '../../rollout/facts.ts';
import { until } from '../../../test/harness/until.ts';
import { JobLooks } from './job-looks.ts';

const scope = { app: 'shop', environment: 'staging' };
const running: ObservedJob = {
  key: 'shop/staging/tidy/1',
  state: 'running',
  exitCode: null,
  signal: null,
  logTail: [],
};

/** A target that says these things of the job, one after the other, the last one for ever; `away`: it cannot be asked. */
function followed(says: readonly (ObservedJob | 'away')[]) {
  const looks = new Looks();
  const told: Look[] = [];
  looks.onLook((look) => told.push(look));
  let asked = 0;
  const observeJob = async () => {
    const answer = says[Math.min(asked, says.length - 1)] ?? null;
    asked++;
    if (answer === 'away') throw new Error('away');
    return answer;
  };
  const jobLooks = new JobLooks({ target: { observeJob }, looks, everyMs: 1 });
  const keepAlive = setInterval(() => undefined, 1000);
  return { jobLooks, told, asked: () => asked, end: () => clearInterval(keepAlive) };
}

test('new lines and the end of a job are told once each, and then nobody looks any more', async () => {
  const line = { ...running, logTail: ['half'] };
  const { jobLooks, told, asked, end } = followed([running, line, line, { ...line, state: 'succeeded', exitCode: 0 }]);
  jobLooks.follow(scope, running.key, running);
  jobLooks.follow(scope, running.key, running);
  await until('it has ended', () => told.length === 2);
  assert.deepEqual(told, [
    { ...scope, what: 'jobs' },
    { ...scope, what: 'jobs' },
  ]);
  const looked = asked();
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(asked(), looked);
  assert.equal(looked, 4);
  end();
});

test('one that has ended is not followed; one that cannot be asked is told and left to the next question', async () => {
  const { jobLooks, told, asked, end } = followed(['away', running]);
  jobLooks.follow(scope, running.key, { ...running, state: 'failed', exitCode: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(asked(), 0);
  jobLooks.follow(scope, running.key, running);
  await until('it is told', () => told.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(asked(), 1);
  jobLooks.follow(scope, running.key, running);
  await until('it is followed again', () => asked() > 1);
  end();
});
