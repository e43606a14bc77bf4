import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DevEvent } from './dev-events.ts';
import { devOutput } from './dev-output.ts';

function said(events: readonly DevEvent[], isJson = false): string {
  let text = '';
  const say = devOutput({ isJson, hasColours: false, write: (part) => (text += part) });
  for (const event of events) say(event);
  return text;
}

const log = (text: string, revision = 'dev-1'): DevEvent => {
  return { event: 'log', at: 1, service: 'web', revision, stream: 'out', text };
};
const crashed = (tail: readonly string[]): DevEvent => {
  return { event: 'crashed', service: 'web', revision: 'dev-1', how: 'ended with exit status 1.', tail };
};

test('each line of a tail is said once, whichever comes first: the line or the news of the end', () => {
  const text = said([log('one'), crashed(['one', 'two']), log('two'), log('two'), log('two', 'dev-2')]);
  assert.deepEqual(text.trimEnd().split('\n'), [
    'web | one',
    'web | two',
    'web | ended with exit status 1.',
    'web | It starts again when one of its files changes.',
    'web | two',
    'web | two',
  ]);
});

test('names of services are aligned, files that changed are named, but not a hundred of them', () => {
  const files = Array.from({ length: 100 }, (_, number) => `f${number}.js`);
  const text = said([
    {
      event: 'ready',
      app: 'shop',
      folder: '/shop',
      addresses: ['http://dev.shop.localhost:8080'],
      services: ['web', 'worker'],
    },
    { event: 'starting', service: 'web', because: files },
    { event: 'starting', service: 'worker', because: [] },
  ]);
  assert.match(text, /^ {2}http:\/\/dev\.shop\.localhost:8080$/m);
  assert.match(text, /^web {4}\| starts again: f0\.js, f1\.js, f2\.js, … \(100 files\)$/m);
  assert.match(text, /^worker \| starts$/m);
});

test('with --json every event is a line', () => {
  const events = [log('a "quoted"\ttext'), crashed(['x'])];
  assert.deepEqual(
    said(events, true)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    events,
  );
});
