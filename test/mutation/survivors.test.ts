import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Mutant } from './mutant.ts';
import { reportOn } from './report.ts';
import { lineFor, readSurvivors } from './survivors.ts';

const mutantOf = (id: string, line: number, was: string): Mutant => {
  return { id, file: 'src/rollout/hours.ts', line, mutator: 'EqualityOperator', was, becomes: `${was}=` };
};
const known = mutantOf('1', 7, 'a <');
const other = mutantOf('2', 9, 'b >');

describe('the list of survivors', () => {
  it('knows a mutant by its source and its change, whichever line it is in', () => {
    const list = readSurvivors(`# Head\n\n- words\n\n## ${known.file}\n\n${lineFor(known, 'the same: a is even')}\n`);
    const judged = [{ ...known, line: 70 }, other].map((mutant) => {
      return { mutant, verdict: { id: mutant.id, kind: 'survived', voyages: 1 } as const };
    });
    const report = reportOn(judged, list);
    assert.deepEqual(report.unexplained, [other]);
    assert.ok(report.lines.includes(lineFor({ ...known, line: 70 }, 'the same: a is even')));
  });

  it('takes no line without a reason', () => {
    assert.throws(() => readSurvivors(`## ${known.file}\n\n${lineFor(known, '')}\n`), /Line 3 of the list/);
  });
});

describe('a report', () => {
  it('counts what was killed of what was tried and compiles, and what is open', () => {
    const verdicts = [
      { id: '1', kind: 'killed', phase: 'unit tests', by: 'a test' },
      { id: '2', kind: 'killed', phase: 'simulation', by: 'a voyage' },
      { id: '3', kind: 'refused', by: 'a type' },
      { id: '4', kind: 'survived', voyages: 9 },
      { id: '5', kind: 'alive' },
      null,
    ] as const;
    const judged = verdicts.map((verdict, index) => ({ mutant: mutantOf(String(index + 1), index, 'x'), verdict }));
    const { killed, survived, waiting, lines } = reportOn(judged, new Map());
    assert.deepEqual({ killed, survived, waiting }, { killed: 2, survived: 1, waiting: 2 });
    assert.ok(lines.some((line) => /^2 of 3 killed: 66.7 % \(.* 20.8 to 93.9 %\); 1 more do not compile.$/.test(line)));
  });
});
