import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEnvironment } from './effective-service.ts';
import { parseManifest } from './parse-manifest.ts';
import { strategyWeakenings } from './strategy-weakenings.ts';

function strategyOf(written: string) {
  const text = `app: shop\nprometheus: "http://127.0.0.1:9090"\nservices: { web: { port: 1 } }\nenvironments: { production: { strategy: ${written} } }\n`;
  return findEnvironment(parseManifest(text, { file: 'lotse.yaml', hasDockerfile: false }), 'production').strategy;
}

function weakened(before: string, after: string): readonly string[] {
  const weakenings = strategyWeakenings(strategyOf(before), strategyOf(after));
  return weakenings.map(({ gate, from, to }) => `${gate}: ${from} -> ${to}`);
}

test('a canary that goes weakens canary and holdback', () => {
  const gone = ['canary: 1%, 5% -> none', 'holdback: 5% -> 0%'];
  assert.deepEqual(weakened('{ canary: [1%, 5%], margin: 1.1 }', 'rolling'), gone);
  const kept = '{ name: rolling, limits: { failures: 1% } }';
  assert.deepEqual(weakened('{ canary: [1%, 5%], limits: { failures: 1% } }', kept), gone);
  assert.deepEqual(weakened('{ holdback: 5% }', 'recreate'), ['holdback: 5% -> 0%']);
});

test('every share of before must still be waited at', () => {
  assert.deepEqual(weakened('{ canary: [1%, 5%] }', '{ canary: [1%, 3%, 5%, 50%] }'), []);
  assert.deepEqual(weakened('{ canary: [1%, 5%] }', '{ canary: [2%, 5%] }'), ['canary: 1%, 5% -> 2%, 5%']);
  assert.deepEqual(weakened('{ canary: [1%], every: 10m }', '{ canary: [1%], every: 5m }'), ['every: 10m -> 5m']);
});

test('a larger budget is weaker, and a budget cannot be compared with shares', () => {
  const thirty = '{ canary: 30 failed requests }';
  assert.deepEqual(weakened(thirty, '{ canary: 20 failed requests }'), []);
  assert.deepEqual(weakened(thirty, '{ canary: 31 failed requests }'), [
    'canary: 30 failed requests -> 31 failed requests',
  ]);
  assert.deepEqual(weakened(thirty, '{ canary: [1%] }'), ['canary: 30 failed requests -> 1%']);
  assert.deepEqual(weakened('{ canary: [1%] }', thirty), ['canary: 1% -> 30 failed requests']);
});

test('wider bounds are weaker, narrower ones are not', () => {
  const narrow = '{ canary: [1%], margin: 1.1, tolerance: 2, limits: { failures: 1%, p99: 800ms } }';
  const wide = '{ canary: [1%], margin: 1.2, tolerance: 3, limits: { failures: 2% } }';
  assert.deepEqual(weakened(narrow, wide), [
    'margin: 1.1 -> 1.2',
    'tolerance: 2 -> 3',
    'limits.failures: 1% -> 2%',
    'limits.p99: 800ms -> none',
  ]);
  assert.deepEqual(weakened('{ canary: [1%], margin: 1.2, tolerance: 3, limits: { failures: 2% } }', narrow), []);
});

test('the bad side of a signal’s limit is the one that its direction names', () => {
  const signal = (better: string, limit: string) =>
    `{ canary: [1%], limits: { x: ${limit} }, signals: { x: { prometheus: a, better: ${better} } } }`;
  assert.deepEqual(weakened(signal('lower', '3'), signal('lower', '4')), ['limits.x: 3 -> 4']);
  assert.deepEqual(weakened(signal('lower', '3'), signal('lower', '2')), []);
  assert.deepEqual(weakened(signal('higher', '90%'), signal('higher', '80%')), ['limits.x: 0.9 -> 0.8']);
  assert.deepEqual(weakened(signal('higher', '90%'), signal('higher', '95%')), []);
});

test('another query cannot be compared', () => {
  const signal = (query: string) => `{ canary: [1%], signals: { x: { prometheus: ${query} } } }`;
  assert.deepEqual(weakened(signal('a'), signal('b')), ['signals.x: a (lower is better) -> b (lower is better)']);
});
