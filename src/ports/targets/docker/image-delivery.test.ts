import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LotseError } from '../../../core/errors.ts';
import { ImageDelivery } from './image-delivery.ts';

const words = 'ssh://one.example: ';
const closing = new AbortController().signal;

test('all that want the same image wait for one delivery, and the next one is another', async () => {
  let count = 0;
  const gate = Promise.withResolvers<void>();
  const deliver = async (): Promise<void> => {
    count++;
    await gate.promise;
  };
  const delivery = new ImageDelivery({ words, closing, deliver });
  const both = Promise.all([delivery.bring('sha256:a'), delivery.bring('sha256:a')]);
  gate.resolve();
  await both;
  assert.equal(count, 1);
  await delivery.bring('sha256:a');
  assert.equal(count, 2);
});

test('one that takes long goes on, and whoever asks again joins it', async () => {
  let count = 0;
  const gate = Promise.withResolvers<void>();
  const deliver = async (): Promise<void> => {
    count++;
    await gate.promise;
  };
  const delivery = new ImageDelivery({ words, closing, deliver, patienceMs: 10 });
  const notYet = {
    code: 'timeout',
    retriable: true,
    message: /^ssh:\/\/one\.example: the image sha256:a is on its way/,
  };
  await assert.rejects(delivery.bring('sha256:a'), notYet);
  gate.resolve();
  await delivery.bring('sha256:a');
  assert.equal(count, 1);
});

test('one that fails is told to those that wait, and tried again by the next', async () => {
  let isAway = true;
  const deliver = async (): Promise<void> => {
    if (isAway) throw new LotseError('unreachable', 'nobody answers');
  };
  const delivery = new ImageDelivery({ words, closing, deliver });
  await assert.rejects(delivery.bring('sha256:a'), { code: 'unreachable' });
  isAway = false;
  await delivery.bring('sha256:a');
});
