/**
 * The story: what a person does with bildwerk, from registering to leaving, against a running one at BASE_URL. It is the
 * verification of a release: exit 0 says that every part did its work. It cleans up after itself, also when it fails.
 *
 *   BASE_URL=http://localhost:3000 node test/story.ts
 *
 * With LOTSE_PINNED=1 and LOTSE_RELEASE every worker must have left the mark of that release.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { makeStoryPictures } from './story-pictures.ts';
import type { StoryPicture } from './story-pictures.ts';
import { readAccepted, readPicture } from './story-answers.ts';
import type { SeenPicture } from './story-answers.ts';
import { Visitor } from './visitor.ts';
import type { Answer } from './visitor.ts';

const deadlineMs = 60_000;
const workers = ['check', 'facts', 'sizes', 'publish'];

const baseUrl = process.env['BASE_URL'] ?? 'http://127.0.0.1:3000';
const pinnedRelease = process.env['LOTSE_PINNED'] === '1' ? process.env['LOTSE_RELEASE'] : undefined;
const startedAt = performance.now();
const visitor = new Visitor(baseUrl);
const stranger = new Visitor(baseUrl);
const email = `story-${randomBytes(8).toString('hex')}@bildwerk.example`;
const password = randomBytes(18).toString('base64url');
let registered = false;

process.exitCode = await tell();

async function tell(): Promise<number> {
  console.log(`story: ${baseUrl}${pinnedRelease === undefined ? '' : `, pinned to release ${pinnedRelease}`}`);
  const tooLate = sleep(deadlineMs, undefined, { ref: false }).then(() => {
    throw new Error(`the story was not over after ${deadlineMs / 1000} s`);
  });
  let failure: unknown;
  try {
    await Promise.race([story(), tooLate, stopped()]);
  } catch (error) {
    failure = error;
    console.error(`FAILED ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    if (registered) await step('everything is cleaned up', cleanUp);
  } catch (error) {
    failure ??= error;
    console.error(`FAILED cleaning up: ${error instanceof Error ? error.message : String(error)}`);
  }
  console.log(`story: ${failure === undefined ? 'passed' : 'failed'} after ${seconds()} s`);
  return failure === undefined ? 0 : 1;
}

/** Whoever ends the story early still gets a clean app back. */
function stopped(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  process.once('SIGTERM', () => reject(new Error('the story was stopped')));
  process.once('SIGINT', () => reject(new Error('the story was stopped')));
  return promise;
}

async function story(): Promise<void> {
  await step('the app says that it is up', async () => expectStatus(await visitor.get('/up'), 200));
  await step('a guest sees no pictures', async () => expectStatus(await stranger.get('/pictures'), 401));
  await step('a person registers', register);
  await step('signs out, and in again', signInAgain);
  await step('a text file that calls itself a picture is refused kindly', refuseText);
  const pictures = await step('a picture is made with Exif, and a drawing', makeStoryPictures);
  const ids = await step('both are uploaded', () => Promise.all(pictures.map(upload)));
  for (const [index, id] of ids.entries()) {
    const picture = pictures[index];
    assert.ok(picture !== undefined);
    const seen = await step(`${picture.name}: goes through its workflow`, () => followToEnd(id));
    await step(`${picture.name}: every worker left its mark`, async () => checkMarks(seen));
    await step(`${picture.name}: the facts are right`, async () => checkFacts(seen, picture));
    await step(`${picture.name}: the sizes are right`, () => checkSizes(seen, picture));
    await step(`${picture.name}: nobody else sees it`, () => checkPrivate(seen));
  }
}

async function register(): Promise<void> {
  const answer = await visitor.postForm('/register', { name: 'Story', email, password, verification: 'yes' });
  expectStatus(answer, 201);
  registered = true;
}

async function signInAgain(): Promise<void> {
  expectStatus(await visitor.postForm('/logout', {}), 200);
  expectStatus(await visitor.get('/pictures'), 401);
  expectStatus(await visitor.postForm('/login', { email, password: 'not the password' }), 401);
  expectStatus(await visitor.postForm('/login', { email, password }), 200);
  expectStatus(await visitor.get('/pictures'), 200);
}

async function refuseText(): Promise<void> {
  const answer = await visitor.postFile('/pictures', 'notes.jpg', 'image/jpeg', Buffer.from('These are only words.'));
  const seen = await followUntil(await acceptedId(answer), (picture) => picture.state !== 'working');
  assert.equal(seen.state, 'refused', 'a text file was taken for a picture');
  assert.match(seen.reason ?? '', /not a picture/, 'the reason does not help');
  expectStatus(await visitor.postForm(`/pictures/${seen.id}/delete`, {}), 200);
  expectStatus(await visitor.get(`/pictures/${seen.id}`), 404);
}

async function upload({ name, type, content }: StoryPicture): Promise<string> {
  return acceptedId(await visitor.postFile('/pictures', name, type, content));
}

async function acceptedId(answer: Answer): Promise<string> {
  expectStatus(answer, 201);
  return readAccepted(answer.body);
}

async function followToEnd(id: string): Promise<SeenPicture> {
  const seen = await followUntil(id, (picture) => picture.state !== 'working');
  assert.equal(seen.state, 'finished', `it ended ${seen.state}: ${seen.reason}`);
  return seen;
}

async function followUntil(id: string, isThere: (picture: SeenPicture) => boolean): Promise<SeenPicture> {
  for (;;) {
    const answer = await visitor.get(`/pictures/${id}`);
    expectStatus(answer, 200);
    const picture = readPicture(answer.body);
    if (isThere(picture)) return picture;
    if (performance.now() - startedAt > deadlineMs - 5_000) {
      const open = picture.steps.filter((one) => one.state !== 'done').map((one) => `${one.name} is ${one.state}`);
      throw new Error(`the workflow stands still: ${open.join(', ')}`);
    }
    await sleep(100);
  }
}

function checkMarks(seen: SeenPicture): void {
  for (const worker of workers) {
    const mark = seen.steps.find(({ name }) => name === worker)?.mark;
    assert.equal(mark?.worker, worker, `the worker "${worker}" left no mark`);
    if (pinnedRelease !== undefined) {
      assert.equal(mark.release, pinnedRelease, `the worker "${worker}" that did it is of release ${mark.release}`);
    }
  }
}

function checkFacts({ facts }: SeenPicture, expected: StoryPicture): void {
  assert.ok(facts !== undefined, 'there are no facts');
  assert.deepEqual([facts.width, facts.height], [expected.width, expected.height], 'the dimensions are wrong');
  assert.equal(facts.camera, expected.camera, 'the camera is wrong');
  assert.ok(facts.colours > 0, 'there are no colours');
  assert.ok(facts.blurhash.length >= 20, 'there is no blurhash');
}

async function checkSizes({ id, sizes }: SeenPicture, expected: StoryPicture): Promise<void> {
  const widths = sizes.map(({ width }) => width);
  assert.deepEqual(
    widths,
    expected.widths,
    `there are the widths ${widths.join(', ')}, not ${expected.widths.join(', ')}`,
  );
  for (const { file, width } of sizes) {
    const answer = await visitor.get(`/pictures/${id}/${file}`);
    expectStatus(answer, 200);
    const made = await sharp(answer.body).metadata();
    const height = (expected.height * width) / expected.width;
    assert.equal(`${made.format} ${made.width}`, `webp ${width}`, `${file} is ${made.format}, ${made.width} wide`);
    assert.ok(Math.abs(made.height - height) <= 1, `${file} is ${made.height} high, not ${Math.round(height)}`);
    assert.equal(made.exif, undefined, `${file} still tells what the camera wrote`);
  }
}

async function checkPrivate({ id, sizes }: SeenPicture): Promise<void> {
  expectStatus(await stranger.get(`/pictures/${id}`), 401);
  expectStatus(await stranger.get(`/pictures/${id}/${sizes[0]?.file}`), 401);
}

/** Deleting the account takes all its pictures along; a wrong session at the time of a failure is no excuse. */
async function cleanUp(): Promise<void> {
  expectStatus(await visitor.postForm('/login', { email, password }), 200);
  expectStatus(await visitor.postForm('/account/delete', { password }), 200);
  expectStatus(await visitor.postForm('/login', { email, password }), 401);
}

async function step<R>(title: string, work: () => Promise<R>): Promise<R> {
  try {
    const result = await work();
    console.log(`${seconds().padStart(6)} s  ok  ${title}`);
    return result;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(`${title}: ${reason}`, { cause: error });
  }
}

function expectStatus({ status, body }: Answer, expected: number): void {
  assert.equal(status, expected, `answered ${status} instead of ${expected}: ${body.toString('utf8').slice(0, 200)}`);
}

function seconds(): string {
  return ((performance.now() - startedAt) / 1000).toFixed(2);
}
