import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyFields } from '../documents/fields.ts';
import type { Fields } from '../documents/documents.ts';
import type { Picture, StepName } from './picture.ts';
import { readPicture } from './picture.ts';
import {
  done,
  failedOnce,
  givenUp,
  handedBack,
  maxAttempts,
  newPicture,
  refused,
  takeableFrom,
  taken,
} from './workflow.ts';

const fresh = newPicture({ owner: 'o', name: 'n', bytes: 1, uploadedAt: 5, release: 'r', marked: false });
const mark = (worker: StepName) => ({ worker, release: 'r', instance: 'i', at: 7 });
const change = (picture: Picture, fields: Fields) => readPicture(applyFields(picture, fields));
const states = ({ steps }: Picture) => Object.values(steps).map(({ state }) => state);
const lease = { holder: 'i', until: 100 };

test('check opens facts and sizes; the later of these opens publish; publish finishes', () => {
  for (const order of [
    ['facts', 'sizes'],
    ['sizes', 'facts'],
  ] as const) {
    let picture = change(fresh, done(fresh, 'check', mark('check'), {}));
    assert.deepEqual(states(picture), ['done', 'ready', 'ready', 'waiting']);
    picture = change(picture, done(picture, order[0], mark(order[0]), {}));
    assert.equal(picture.steps.publish.state, 'waiting');
    picture = change(picture, done(picture, order[1], mark(order[1]), {}));
    assert.equal(picture.steps.publish.state, 'ready');
    picture = change(picture, done(picture, 'publish', mark('publish'), {}));
    assert.deepEqual([picture.state, picture.finishedAt], ['finished', 7]);
  }
});

test('a step done twice does not open what was opened already', () => {
  const picture = change(fresh, done(fresh, 'check', mark('check'), {}));
  const running = change(picture, taken(picture, 'facts', lease));
  assert.equal(change(running, done(running, 'check', mark('check'), {})).steps.facts.state, 'running');
});

test('a step may be taken when it is ready, and again when its lease has ended', () => {
  assert.equal(takeableFrom(fresh.steps.check), 0);
  assert.equal(takeableFrom(fresh.steps.facts), undefined);
  const running = change(fresh, taken(fresh, 'check', lease));
  assert.equal(takeableFrom(running.steps.check), 100);
  assert.equal(takeableFrom(change(running, done(running, 'check', mark('check'), {})).steps.check), undefined);
});

test('an error waits longer each time and is the end of the picture after the last attempt', () => {
  let picture = fresh;
  const waits = [];
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    picture = change(picture, taken(picture, 'check', lease));
    picture = change(picture, failedOnce(picture, 'check', mark('check')));
    waits.push(picture.steps.check.notBefore - 7);
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 4000]);
  assert.deepEqual([picture.state, picture.steps.check.state], ['failed', 'failed']);
});

test('a refusal tells why, a picture given up asks for another try, a step handed back costs no attempt', () => {
  const running = change(fresh, taken(fresh, 'check', lease));
  assert.deepEqual(
    [
      change(running, refused('check', mark('check'), 'too small')).state,
      change(running, refused('check', mark('check'), 'why')).reason,
    ],
    ['refused', 'why'],
  );
  assert.match(change(running, givenUp('check', mark('check'))).reason ?? '', /upload the picture again/);
  const back = change(running, handedBack(running, 'check'));
  assert.deepEqual([back.steps.check.state, back.steps.check.attempts], ['ready', 0]);
});

test('a picture is read with fields that this release does not know, and not without those it needs', () => {
  assert.deepEqual(readPicture({ ...fresh, later: 1 }), fresh);
  const { owner: _, ...without } = fresh;
  assert.throws(() => readPicture(without), /"owner" should be a text/);
});
