import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AskedTogether } from './asked-together.ts';

/** Answers are numbered in the order of their questions, and come when `release` is called. */
function slowQuestion() {
  const open: (() => void)[] = [];
  let asked = 0;
  const ask = async (): Promise<number> => {
    const mine = (asked += 1);
    await new Promise<void>((resolve) => open.push(resolve));
    if (mine === 2) throw new Error('no answer');
    return mine;
  };
  return { together: new AskedTogether(ask), release: () => open.shift()?.(), asked: () => asked };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

it('whoever asks while an answer is under way shares the next one, which is asked for afterwards', async () => {
  const { together, release, asked } = slowQuestion();
  const first = together.answer();
  await settle();
  const second = Promise.allSettled([together.answer(), together.answer(), together.answer()]);
  await settle();
  assert.equal(asked(), 1);
  release();
  assert.equal(await first, 1);
  await settle();
  assert.equal(asked(), 2);
  const third = together.answer();
  release();
  assert.deepEqual(
    (await second).map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  await settle();
  release();
  assert.equal(await third, 3, 'a failure is told to those who shared it, and to nobody else');
});
