import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatEvidence, noEvidence, parseEvidence } from './parse-evidence.ts';

it('evidence is read as it was written', () => {
  assert.deepEqual(parseEvidence(formatEvidence(noEvidence)), { format: 3, ...noEvidence });
});

it('a row that is damaged, or of another version, is no evidence', () => {
  const { probes } = noEvidence;
  const { counts } = probes;
  const rows = [
    { format: 1, ...noEvidence },
    { format: 4, ...noEvidence },
    { format: 3, judge: null },
    { format: 3, judge: null, probes: null },
    { format: 3, judge: null, probes: 'many' },
    { format: 3, judge: null, probes: { ...probes, next: 0.5 } },
    { format: 3, judge: null, probes: { next: 1, lastBeganAt: null, running: null } },
    { format: 3, judge: null, probes: { ...probes, counts: {} } },
    ...(['new', 'old'] as const).flatMap((side) =>
      (['asked', 'failed'] as const).map((field) => {
        const damaged = { ...counts, [side]: { ...counts[side], [field]: null } };
        return { format: 3, judge: null, probes: { ...probes, counts: damaged } };
      }),
    ),
    { format: 3, judge: null, probes: { counts, next: 0 } },
    null,
    7,
  ];
  for (const row of rows) assert.equal(parseEvidence(JSON.stringify(row)), null, JSON.stringify(row));
  assert.equal(parseEvidence('{"format":2'), null);
});
