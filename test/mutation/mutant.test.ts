import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changed, describeChange } from './mutant.ts';

const text = ['const a = 1;', 'if (a > 0 && isOpen) {', '  close(`now`);', '}', ''].join('\n');

describe('a change', () => {
  it('is shown in its line', () => {
    const start = { line: 1, column: 4 };
    const end = { line: 1, column: 9 };
    assert.deepEqual(describeChange(text, { start, end, replacement: 'a >= 0' }), {
      was: 'if (a > 0 && isOpen) {',
      becomes: 'if (a >= 0 && isOpen) {',
    });
    assert.equal(changed(text, { start, end, replacement: 'a >= 0' }), text.replace('a > 0', 'a >= 0'));
  });

  it('is shown on one line, without the marks of code in Markdown, also over several', () => {
    const change = { start: { line: 1, column: 21 }, end: { line: 3, column: 1 }, replacement: '{}' };
    assert.deepEqual(describeChange(text, change), {
      was: "if (a > 0 && isOpen) { close('now'); }",
      becomes: 'if (a > 0 && isOpen) {}',
    });
    assert.equal(changed(text, change), 'const a = 1;\nif (a > 0 && isOpen) {}\n');
  });

  it('is cut where it is long', () => {
    const line = `${'x'.repeat(100)}${'y'.repeat(100)}${'z'.repeat(100)}`;
    const change = { start: { line: 0, column: 100 }, end: { line: 0, column: 200 }, replacement: '' };
    assert.deepEqual(describeChange(line, change), {
      was: `…${'x'.repeat(60)}${'y'.repeat(45)} … ${'y'.repeat(45)}${'z'.repeat(60)}…`,
      becomes: `…${'x'.repeat(60)}${'z'.repeat(60)}…`,
    });
  });
});
