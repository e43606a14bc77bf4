import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TableReport } from './count-table.ts';
import { sumReports } from './sum-reports.ts';

const epoch = { scope: 'shop/production', epoch: 1, salt: 'salt', part: 0, isFinal: false };

function table(rows: readonly number[], more: Partial<TableReport> = {}): TableReport {
  return { service: 'web', revision: 'one', lateAfterMs: [100, 200], rows, durations: [], durationSumMs: 0, ...more };
}

describe('the reports of several workers', () => {
  it('are summed by service, revision and bucket, threshold by threshold', () => {
    const first = [table([7, 5, 4, 0, 1, 0, 0, 2, 3, 1, -1, 1, 1, 0, 0, 0, 0, 0, 0, 0])];
    const second = [
      table([7, 2, 0, 1, 0, 1, 0, 1, 2, 2]),
      table([12, 1, 1, 0, 0, 0, 0, 0], { service: 'api', lateAfterMs: [] }),
    ];
    const { counts } = sumReports([first, second].map((tables) => ({ ...epoch, tables })));
    const zero = { clientError: 0, serverError: 0, failed: 0, clientGone: 0 };
    assert.deepEqual(counts, [
      { service: 'api', revision: 'one', bucket: 12, started: 1, ok: 1, ...zero, late: [] },
      { service: 'web', revision: 'one', bucket: -1, started: 1, ok: 1, ...zero, late: [0, 0] },
      {
        service: 'web',
        revision: 'one',
        bucket: 7,
        started: 7,
        ok: 4,
        ...zero,
        clientError: 1,
        serverError: 1,
        failed: 1,
        untimed: 3,
        late: [5, 3],
      },
    ]);
  });

  it('have their durations summed bin by bin', () => {
    const row = [-1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
    const tables = [
      table(row, { durations: [1, 0, 2], durationSumMs: 3.5 }),
      table(row, { durations: [0, 1, 0, 0, 4], durationSumMs: 10 }),
      table([], { revision: 'idle' }),
    ];
    const { durations } = sumReports(tables.map((each) => ({ ...epoch, tables: [each] })));
    const of = { service: 'web', revision: 'one', lateAfterMs: [100, 200] };
    assert.deepEqual(durations, [{ ...of, counts: [1, 1, 2, 0, 4], sumMs: 13.5 }]);
  });
});
