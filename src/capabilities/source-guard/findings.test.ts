import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprintOf, parseReviewed, reviewedLine, sortFindings, type Finding } from './findings.ts';

const finding: Finding = {
  path: 'a b/#1.txt',
  line: 3,
  rule: 'private key',
  fingerprint: fingerprintOf('a b/#1.txt', 'x'),
};

test('the line that a refusal proposes lets exactly that finding pass, wherever it stands in its file', () => {
  const { reviewed, wrong } = parseReviewed(`# ours\n\n${reviewedLine(finding, 'made for # a test')}\r\n`);
  assert.deepEqual(
    [wrong, reviewed],
    [[], [{ path: finding.path, fingerprint: finding.fingerprint, reason: 'made for # a test', line: 3 }]],
  );
  const moved = { ...finding, line: 9 };
  const elsewhere = { ...finding, path: 'c.txt', fingerprint: fingerprintOf('c.txt', 'x') };
  const other = { ...finding, fingerprint: fingerprintOf(finding.path, 'y') };
  const sorted = sortFindings([moved, elsewhere, other], reviewed);
  assert.deepEqual(sorted.accepted, [{ finding: moved, reason: 'made for # a test' }]);
  assert.deepEqual([sorted.refused, sorted.unused], [[elsewhere, other], []]);
  assert.equal(sortFindings([], reviewed).unused.length, 1);
});

test('a line without a reason is none', () => {
  assert.deepEqual(
    parseReviewed(`${finding.fingerprint}  a.txt\nnonsense\n${finding.fingerprint} a.txt #\n`).wrong,
    [1, 2, 3],
  );
});
