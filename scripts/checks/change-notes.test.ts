import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changelogText, parseNote } from './change-notes.ts';

test('a note has a kind and a text, and anything else is refused by name', () => {
  assert.deepEqual(parseNote('a.md', 'kind: fixed\n\nIt works.\n\nReally.\n'), {
    kind: 'fixed',
    text: 'It works.\n\nReally.',
  });
  assert.throws(() => parseNote('a.md', 'kind: nice\n\nText'), /a.md:1 starts with "kind: " and one of security/);
  assert.throws(() => parseNote('a.md', 'kind: fixed\nText'), /a.md:2 is empty/);
  assert.throws(() => parseNote('a.md', 'kind: fixed\n\n\n'), /says nothing/);
});

test('the changelog lists versions as given, and what matters most first', () => {
  const text = changelogText([
    { version: undefined, date: undefined, notes: [] },
    {
      version: '0.2.0',
      date: '2026-12-01',
      notes: [
        { kind: 'fixed', text: 'A fix.' },
        { kind: 'security', text: 'A hole.\nUpdate now.' },
      ],
    },
    { version: '0.1.0', date: undefined, notes: [{ kind: 'added', text: 'All.' }] },
  ]);
  assert.equal(
    text.slice(text.indexOf('## ')),
    '## 0.2.0 (2026-12-01)\n\n### Security\n\n- A hole.\n  Update now.\n\n### Fixed\n\n- A fix.\n\n## 0.1.0\n\n### New\n\n- All.\n',
  );
});
