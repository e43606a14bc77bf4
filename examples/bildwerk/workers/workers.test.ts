import assert from 'node:assert/strict';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { stepNames } from '../model/picture.ts';
import { pictures } from '../model/picture.ts';
import { readEnvironment } from '../model/environment.ts';
import { openLog } from '../model/log.ts';
import type { RunningApp } from '../run-app.ts';
import { eventually, foldersIn, jpeg, openPlayground } from '../test/app-under-test.ts';
import type { Playground } from '../test/app-under-test.ts';
import { landscape } from '../test/story-pictures.ts';
import { StepWorker } from './step-worker.ts';
import type { Outcome, StepHandler } from './step-worker.ts';

const noDashboard = { withDashboard: false } as const;
/** For a machine that is busy with other things. */
const patienceMs = 60_000;
const timeout = 180_000;

test('two copies of each worker do every step of 30 pictures once, and share the work', { timeout }, async (t) => {
  const playground = await openPlayground(t);
  const content = await jpeg(700, 500);
  const ids = await Promise.all(Array.from({ length: 30 }, () => playground.add(content)));
  await playground.run({ ...noDashboard, workers: { check: 2, facts: 2, sizes: 2, publish: 2 } });
  await eventually('all are finished', patienceMs, async () => {
    const all = await pictures(playground.stores.documents).where('state', '==', 'finished').get();
    return all.length === ids.length;
  });

  const instances = new Set<string>();
  for (const id of ids) {
    const { steps } = await playground.picture(id);
    for (const name of stepNames) {
      assert.equal(steps[name].attempts, 1, `${name} of ${id} was begun ${steps[name].attempts} times`);
      assert.equal(steps[name].mark?.worker, name);
      instances.add(steps[name].mark?.instance ?? '');
    }
    assert.deepEqual((await readdir(join(playground.dataDir, 'pictures/published', id))).sort(), [
      '320.webp',
      '700.webp',
    ]);
  }
  assert.ok(instances.size > stepNames.length, 'no second copy did anything');
  const done = playground.lines.filter(({ line }) => line.includes('"message":"done"'));
  assert.equal(done.length, ids.length * stepNames.length);
  assert.deepEqual(await readdir(join(playground.dataDir, 'pictures/drafts')), []);
  assert.deepEqual(await readdir(join(playground.dataDir, 'pictures/incoming')), []);
});

test(
  'a worker that is killed in the middle leaves nothing stuck: another takes the step when the lease has ended',
  { timeout },
  async (t) => {
    const playground = await openPlayground(t);
    const variables = { WORKER_LEASE_MS: '900' };
    const workers = { check: 1, facts: 1, sizes: 1, publish: 1 };
    const app = await playground.run({ ...noDashboard, workers, variables });
    const id = await killedAtWork(playground, app);
    await playground.run({ ...noDashboard, workers: { sizes: 1 }, variables });
    await eventually('the picture is finished', patienceMs, async () => {
      return (await playground.picture(id)).state === 'finished';
    });
    assert.equal((await playground.picture(id)).steps.sizes.attempts, 2);
  },
);

/** Resolves to the picture whose sizes nobody makes any more. */
async function killedAtWork(playground: Playground, app: RunningApp): Promise<string> {
  const id = await playground.add(await largePicture());
  const sizes = async () => (await playground.picture(id)).steps.sizes.state;
  await eventually('sizes is at work', patienceMs, async () => (await sizes()) === 'running');
  app.processes.find(({ service }) => service === 'sizes')?.process.kill('SIGKILL');
  await sleep(1_200);
  assert.equal(await sizes(), 'running', 'it was killed too late to mean anything');
  return id;
}

test(
  'a step that takes longer than its lease stays with its worker, because the worker gives signs of life',
  { timeout },
  async (t) => {
    const { stores, dataDir, add, picture } = await openPlayground(t);
    const id = await add(await jpeg(200, 200));
    const variables = { ...foldersIn(dataDir), WORKER_LEASE_MS: '2000' };
    const longStep = Promise.withResolvers<Outcome>();
    const handler: StepHandler = { step: 'check', run: () => longStep.promise };
    const workerOf = () => {
      const environment = readEnvironment(variables, 'check');
      return new StepWorker(handler, { ...stores, environment, log: openLog(environment) });
    };
    const turn = workerOf().offer(id, 'all');
    await eventually('it is at work', patienceMs, async () => (await picture(id)).steps.check.state === 'running');
    const other = workerOf();
    for (let seconds = 0; seconds < 5; seconds++) {
      assert.equal(await other.offer(id, 'all'), false, 'somebody else has taken it');
      await sleep(1_000);
    }
    longStep.resolve({ kind: 'done', result: {} });
    assert.equal(await turn, true);
    const { state, attempts } = (await picture(id)).steps.check;
    assert.deepEqual([state, attempts], ['done', 1]);
  },
);

test('SIGTERM lets a worker finish what it has begun, and it begins nothing more', { timeout }, async (t) => {
  const playground = await openPlayground(t);
  const content = await jpeg(3000, 2000);
  const ids = await Promise.all(Array.from({ length: 12 }, () => playground.add(content)));
  const app = await playground.run({ ...noDashboard, workers: { check: 1, sizes: 1 } });
  await eventually('sizes is at work', patienceMs, async () => {
    const states = await Promise.all(ids.map(async (id) => (await playground.picture(id)).steps.sizes.state));
    return states.includes('running');
  });
  await app.stop();
  const states = await Promise.all(ids.map(async (id) => (await playground.picture(id)).steps.sizes.state));
  assert.ok(!states.includes('running'), `left behind: ${states.join(', ')}`);
  assert.ok(
    states.includes('done') && states.includes('ready'),
    `stopped too late to mean anything: ${states.join(', ')}`,
  );
  assert.deepEqual(
    app.processes.map(({ process }) => process.exitCode),
    [0, 0],
  );
});

test('the claim is honoured: none, then marked, then all, then none again', { timeout }, async (t) => {
  const playground = await openPlayground(t);
  const content = await jpeg(200, 200);
  const claimFile = await playground.claimFile('none');
  const claim = async (text: string) => {
    await writeFile(`${claimFile}.new`, `${text}\n`);
    await rename(`${claimFile}.new`, claimFile);
  };
  const checked = async (id: string) => (await playground.picture(id)).steps.check.state === 'done';
  const ordinary = await playground.add(content);
  const marked = await playground.add(content, { marked: true });
  await playground.run({ ...noDashboard, workers: { check: 2 }, variables: { LOTSE_CLAIM_FILE: claimFile } });
  await eventually(
    'both are at work',
    patienceMs,
    async () => playground.lines.filter(({ line }) => line.includes('at work')).length === 2,
  );
  await sleep(500);
  assert.deepEqual([await checked(ordinary), await checked(marked)], [false, false], 'none takes nothing');

  await claim('marked');
  await eventually('marked work is done', patienceMs, () => checked(marked));
  await sleep(300);
  assert.equal(await checked(ordinary), false, 'marked leaves ordinary work');

  await claim('all');
  await eventually('ordinary work is done', patienceMs, () => checked(ordinary));

  await claim('none');
  const late = await playground.add(content); // read before each piece of work, so not even this one is taken
  await sleep(800);
  assert.equal(await checked(late), false, 'none takes nothing again');
});

test('of two releases side by side, marked work goes to the one that wrote it', { timeout }, async (t) => {
  const playground = await openPlayground(t);
  const content = await jpeg(200, 200);
  const variables = { LOTSE_CLAIM_FILE: await playground.claimFile('marked') };
  await playground.run({ ...noDashboard, workers: { check: 1 }, release: 'old' });
  await playground.run({ ...noDashboard, workers: { check: 1 }, release: 'new', variables });
  const at = await Promise.all(
    ['new', 'old', 'new', 'new'].map((release) => playground.add(content, { marked: true, release })),
  );
  const ordinary = await playground.add(content, { release: 'new' });
  const releases = async () =>
    Promise.all([...at, ordinary].map(async (id) => (await playground.picture(id)).steps.check.mark?.release));
  await eventually('all are checked', patienceMs, async () => !(await releases()).includes(undefined));
  assert.deepEqual(await releases(), ['new', 'old', 'new', 'new', 'old']);
});

test(
  'an error that may pass is tried again and given up after five attempts, with a word to the owner',
  { timeout },
  async (t) => {
    const playground = await openPlayground(t);
    const id = await playground.add(await jpeg(200, 200));
    await playground.stores.files.remove(id); // a picture whose file cannot be read
    await playground.run({ ...noDashboard, workers: { check: 1 } });
    await eventually('it has failed', patienceMs, async () => (await playground.picture(id)).state === 'failed');
    const picture = await playground.picture(id);
    assert.equal(picture.steps.check.attempts, 5);
    assert.match(picture.reason ?? '', /upload the picture again/);
  },
);

test('a picture that is deleted while a worker is at it leaves no files', { timeout }, async (t) => {
  const playground = await openPlayground(t);
  const id = await playground.add(await largePicture());
  await playground.run({ ...noDashboard, workers: { check: 1, sizes: 1 } });
  await eventually(
    'sizes is at work',
    patienceMs,
    async () => (await playground.picture(id)).steps.sizes.state === 'running',
  );
  await pictures(playground.stores.documents).doc(id).delete();
  await playground.stores.files.remove(id);
  await eventually('the worker has noticed', patienceMs, async () =>
    playground.lines.some(({ service, line }) => service === 'sizes' && /no longer ours|"failed"/.test(line)),
  );
  await eventually('no files are left', patienceMs, async () => {
    const left = await Promise.all(
      ['originals', 'drafts', 'published', 'incoming'].map((place) =>
        readdir(join(playground.dataDir, 'pictures', place)),
      ),
    );
    return left.flat().length === 0;
  });
});

/** Its sizes take a worker long. */
async function largePicture(): Promise<Buffer> {
  return sharp(Buffer.from(landscape(5000, 4000)))
    .png()
    .toBuffer();
}
