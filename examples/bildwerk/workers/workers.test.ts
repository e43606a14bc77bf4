import assert from 'node:assert/strict';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { stepNames } from '../model/picture.ts';
import { pictures } from '../model/picture.ts';
import { eventually, jpeg, openPlayground } from '../test/app-under-test.ts';
import { landscape } from '../test/story-pictures.ts';

const noDashboard = { withDashboard: false } as const;

test(
  'two copies of each worker do every step of 30 pictures once, and share the work',
  { timeout: 90_000 },
  async (t) => {
    const playground = await openPlayground(t);
    const content = await jpeg(700, 500);
    const ids = await Promise.all(Array.from({ length: 30 }, () => playground.add(content)));
    await playground.run({ ...noDashboard, workers: { check: 2, facts: 2, sizes: 2, publish: 2 } });
    await eventually('all are finished', 60_000, async () => {
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
  },
);

test('a worker that is killed in the middle leaves nothing stuck: another takes the step when the lease has ended', async (t) => {
  const playground = await openPlayground(t);
  const large = await sharp(Buffer.from(landscape(5000, 4000)))
    .png()
    .toBuffer();
  const id = await playground.add(large);
  const variables = { WORKER_LEASE_MS: '900' };
  const app = await playground.run({
    ...noDashboard,
    workers: { check: 1, facts: 1, sizes: 1, publish: 1 },
    variables,
  });
  await eventually(
    'sizes is at work',
    10_000,
    async () => (await playground.picture(id)).steps.sizes.state === 'running',
  );
  app.processes.find(({ service }) => service === 'sizes')?.process.kill('SIGKILL');
  await sleep(1_200);
  assert.equal((await playground.picture(id)).steps.sizes.state, 'running', 'it was killed too late to mean anything');

  await playground.run({ ...noDashboard, workers: { sizes: 1 }, variables });
  await eventually('the picture is finished', 15_000, async () => (await playground.picture(id)).state === 'finished');
  assert.equal((await playground.picture(id)).steps.sizes.attempts, 2);
});

test('a step that takes longer than its lease stays with its worker, because the worker gives signs of life', async (t) => {
  const playground = await openPlayground(t);
  const large = await sharp(Buffer.from(landscape(5000, 4000)))
    .png()
    .toBuffer();
  const id = await playground.add(large);
  const variables = { WORKER_LEASE_MS: '150' };
  await playground.run({ ...noDashboard, workers: { check: 1, facts: 1, sizes: 2, publish: 1 }, variables });
  await eventually('the picture is finished', 20_000, async () => (await playground.picture(id)).state === 'finished');
  const tookMs = playground.lines.map(({ service, line }) =>
    service === 'sizes' ? Number(/"tookMs":(\d+)/.exec(line)?.[1]) : NaN,
  );
  assert.ok(
    tookMs.some((ms) => ms > 300),
    'the step was too quick to mean anything',
  );
  assert.equal((await playground.picture(id)).steps.sizes.attempts, 1);
});

test('SIGTERM lets a worker finish what it has begun, and it begins nothing more', async (t) => {
  const playground = await openPlayground(t);
  const content = await jpeg(3000, 2000);
  const ids = await Promise.all(Array.from({ length: 6 }, () => playground.add(content)));
  const app = await playground.run({ ...noDashboard, workers: { check: 1, sizes: 1 } });
  await eventually('sizes is at work', 10_000, async () => {
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

test(
  'the claim is honoured within a second: none, then marked, then all, then none again',
  { timeout: 30_000 },
  async (t) => {
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
      5_000,
      async () => playground.lines.filter(({ line }) => line.includes('at work')).length === 2,
    );
    await sleep(500);
    assert.deepEqual([await checked(ordinary), await checked(marked)], [false, false], 'none takes nothing');

    await claim('marked');
    await eventually('marked work is done', 1_000, () => checked(marked));
    await sleep(300);
    assert.equal(await checked(ordinary), false, 'marked leaves ordinary work');

    await claim('all');
    await eventually('ordinary work is done', 1_000, () => checked(ordinary));

    await claim('none');
    const late = await playground.add(content); // read before each piece of work, so not even this one is taken
    await sleep(800);
    assert.equal(await checked(late), false, 'none takes nothing again');
  },
);

test('of two releases side by side, marked work goes to the one that wrote it', async (t) => {
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
  await eventually('all are checked', 8_000, async () => !(await releases()).includes(undefined));
  assert.deepEqual(await releases(), ['new', 'old', 'new', 'new', 'old']);
});

test(
  'an error that may pass is tried again and given up after five attempts, with a word to the owner',
  { timeout: 60_000 },
  async (t) => {
    const playground = await openPlayground(t);
    const id = await playground.add(await jpeg(200, 200));
    await playground.stores.files.remove(id); // a picture whose file cannot be read
    await playground.run({ ...noDashboard, workers: { check: 1 } });
    await eventually('it has failed', 40_000, async () => (await playground.picture(id)).state === 'failed');
    const picture = await playground.picture(id);
    assert.equal(picture.steps.check.attempts, 5);
    assert.match(picture.reason ?? '', /upload the picture again/);
  },
);

test('a picture that is deleted while a worker is at it leaves no files', async (t) => {
  const playground = await openPlayground(t);
  const id = await playground.add(await jpeg(3000, 2000));
  await playground.run({ ...noDashboard, workers: { check: 1, sizes: 1 } });
  await eventually(
    'sizes is at work',
    10_000,
    async () => (await playground.picture(id)).steps.sizes.state === 'running',
  );
  await pictures(playground.stores.documents).doc(id).delete();
  await playground.stores.files.remove(id);
  await eventually('the worker has noticed', 10_000, async () =>
    playground.lines.some(({ service, line }) => service === 'sizes' && /no longer ours|"failed"/.test(line)),
  );
  await eventually('no files are left', 2_000, async () => {
    const left = await Promise.all(
      ['originals', 'drafts', 'published', 'incoming'].map((place) =>
        readdir(join(playground.dataDir, 'pictures', place)),
      ),
    );
    return left.flat().length === 0;
  });
});
