import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSarif } from './read-sarif.ts';

const rules = [
  { id: 'CVE-1', properties: { 'security-severity': '9.8' } },
  { id: 'CVE-2', properties: { 'security-severity': '7.0' } },
  { id: 'style', defaultConfiguration: { level: 'note' } },
];
const log = (results: unknown, more: object = {}) =>
  JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { name: 'Trivy', rules } }, results, ...more }] });
const finding = (more: object) => ({ message: { text: 'look here' }, ...more });
const read = (text: string) => readSarif(text, 'scan.sarif');

test('what is still there and was not suppressed counts, as severe as its rule or its level says', () => {
  const report = read(
    log([
      finding({ ruleId: 'CVE-1' }),
      finding({ ruleIndex: 1, level: 'note' }),
      finding({ rule: { index: 2 } }),
      finding({ ruleId: 'style/7' }),
      finding({ ruleId: 'unknown', level: 'error' }),
      finding({}),
      finding({ ruleId: 'CVE-1', kind: 'pass' }),
      finding({ ruleId: 'CVE-1', baselineState: 'absent' }),
      finding({ ruleId: 'CVE-1', suppressions: [{ kind: 'inSource' }] }),
      finding({ ruleId: 'CVE-1', suppressions: [{ kind: 'external', status: 'rejected' }] }),
    ]),
  );
  assert.deepEqual(report.findings, { critical: 2, high: 2, medium: 1, low: 2 });
  assert.equal(report.worst[0], 'critical: CVE-1 look here');
  assert.deepEqual(read(log([])).findings, { critical: 0, high: 0, medium: 0, low: 0 });
});

test('what is no scan, or was none, is refused with its place', () => {
  for (const [text, wanted] of [
    ['{"version": "2.1.0",\n "runs": [}', /^scan\.sarif:2:\d+ is not JSON/],
    ['{"version": "2.0.0", "runs": []}', /version/],
    ['{"version": "2.1.0", "runs": []}', /nothing was scanned/],
    [log(null), /tells no results/],
    [log([], { invocations: [{ executionSuccessful: false }] }), /not successful/],
    [log([{}]), /runs\.0\.results\.0\.message/],
  ] as const)
    assert.throws(
      () => read(text),
      (error: Error) => wanted.test(error.message) || assert.fail(error.message),
    );
});
