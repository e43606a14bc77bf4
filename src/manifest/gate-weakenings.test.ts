import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEnvironment } from './effective-service.ts';
import { gateWeakenings } from './gate-weakenings.ts';
import { parseManifest } from './parse-manifest.ts';

interface Definition {
  readonly production?: string;
  readonly verify?: string;
  readonly timezone?: string;
}

function production({ production: text = '', verify = 'verify: node x\n', timezone = 'UTC' }: Definition) {
  const file = `app: shop\ntimezone: ${timezone}\n${verify}services: { web: { port: 1 } }\nenvironments:\n  staging: {}\n  qa: {}\n  production: { ${text} }\n`;
  return findEnvironment(parseManifest(file, { file: 'lotse.yaml', hasDockerfile: false }), 'production');
}

const strict: Definition = {
  production:
    'after: staging, strategy: { watch: 1h }, gates: { approval: 2, checklist: a.md, hours: Mon-Thu 09:00-16:00 }',
};

function weakened(before: Definition, after: Definition): readonly string[] {
  return gateWeakenings(production(before), production(after)).map(({ gate, from, to }) => `${gate}: ${from} -> ${to}`);
}

test('a file without gates weakens every gate', () => {
  assert.deepEqual(weakened(strict, { verify: '' }), [
    'after: staging -> none',
    'approval: 2 -> 0',
    'checklist: a.md -> none',
    'hours: Mon-Thu 09:00-16:00 (UTC) -> none',
    'verification: verify -> none',
    'watch: 1h -> 15m',
  ]);
});

test('the same gates and stricter ones weaken nothing', () => {
  assert.deepEqual(weakened(strict, strict), []);
  assert.deepEqual(weakened({ verify: '' }, strict), []);
  const stricter =
    'after: staging, strategy: { watch: 2h }, gates: { approval: 3, checklist: a.md, hours: [Mon 09:00-12:00, Tue 12:00-16:00] }';
  assert.deepEqual(weakened(strict, { production: stricter }), []);
});

test('another checklist, another environment before, and other hours are weaker', () => {
  const changed =
    'after: qa, strategy: { watch: 59m }, gates: { approval: 1, checklist: b.md, hours: Mon-Fri 10:00-11:00 }';
  assert.deepEqual(weakened(strict, { production: changed }), [
    'after: staging -> qa',
    'approval: 2 -> 1',
    'checklist: a.md -> b.md',
    'hours: Mon-Thu 09:00-16:00 (UTC) -> Mon-Fri 10:00-11:00 (UTC)',
    'watch: 1h -> 59m',
  ]);
});

test('the same hours in another timezone cannot be compared and count as wider', () => {
  assert.deepEqual(weakened(strict, { ...strict, timezone: 'Europe/Berlin' }), [
    'hours: Mon-Thu 09:00-16:00 (UTC) -> Mon-Thu 09:00-16:00 (Europe/Berlin)',
  ]);
});
