import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Command } from '../rollout/facts.ts';
import { CommandQueue } from './command-queue.ts';

const pause: Command = { kind: 'pause', actor: { kind: 'person', id: 'grace' }, reason: null };
const resume: Command = { ...pause, kind: 'resume' };
const conflict = (message: string) => ({ code: 'conflict', message });

it('commands are taken in the order in which they came, and each gets its own answer', async () => {
  const queue = new CommandQueue();
  const asked = [queue.ask(pause), queue.ask(resume), queue.ask(pause)];
  assert.equal(queue.isEmpty, false);
  const [first, second, third] = [queue.take(), queue.take(), queue.take()];
  assert.deepEqual([first?.command, second?.command], [pause, resume]);
  assert.deepEqual([queue.isEmpty, queue.take()], [true, null]);
  second?.answer('nothing is paused');
  third?.fail(new Error('the disk is full'));
  first?.answer(null);
  await asked[0];
  await assert.rejects(asked[1] ?? Promise.resolve(), conflict('nothing is paused'));
  await assert.rejects(asked[2] ?? Promise.resolve(), /the disk is full/);
});

it('those that wait when the loop ends are told why, and so is whoever comes later', async () => {
  const queue = new CommandQueue();
  const waiting = [queue.ask(pause), queue.ask(resume)];
  queue.close('the control plane is stopping');
  for (const each of [...waiting, queue.ask(pause)]) {
    await assert.rejects(each, conflict('the control plane is stopping'));
  }
  assert.equal(queue.isEmpty, true);
});
