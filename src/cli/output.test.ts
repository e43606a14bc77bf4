import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveBlock } from './live-block.ts';
import { painter, wantsColours } from './paint.ts';
import { cutTo, harmless, layOut, widthOf } from './text-layout.ts';

const red = painter(true);

test('colours are for terminals, unless somebody says otherwise', () => {
  assert.equal(wantsColours({ isTerminal: true, env: {} }), true);
  assert.equal(wantsColours({ isTerminal: false, env: {} }), false);
  assert.equal(wantsColours({ isTerminal: true, env: { NO_COLOR: '1' } }), false);
  assert.equal(wantsColours({ isTerminal: true, env: { NO_COLOR: '' } }), true);
  assert.equal(wantsColours({ isTerminal: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }), true);
  assert.equal(wantsColours({ isTerminal: true, env: { FORCE_COLOR: '0' } }), false);
  assert.equal(wantsColours({ isTerminal: true, env: { TERM: 'dumb' } }), false);
});

test('columns line up although some cells are coloured', () => {
  const lines = layOut([
    ['a', red('bb', 'red'), 'x'],
    ['aaa', 'b', ''],
  ]);
  assert.deepEqual(
    lines.map((line) => widthOf(line)),
    [10, 6],
  );
});

test('a line is cut to the terminal, its colours stay whole', () => {
  const cut = cutTo(red('abcdefgh', 'red'), 5);
  assert.equal(widthOf(cut), 5);
  assert.ok(cut.includes('\u001b[39m'), 'the colour ends');
  assert.equal(cutTo('short', 5), 'short');
});

test('text of others moves no cursor and paints nothing', () => {
  assert.equal(harmless('a\u001b[2Jb\u001b]0;title\u0007c\rd\te\u009b1m'), 'abcd  e');
});

test('a block that changes in place clears what it wrote before and is never higher than the screen', () => {
  const written: string[] = [];
  const block = new LiveBlock({ write: (text) => written.push(text), columns: 20, rows: 4 });
  block.show(['1', '2', '3', '4', '5']);
  block.show(['only']);
  block.finish(['done']);
  assert.ok(written[0]?.includes('3\u001b[K\n4\u001b[K\n5'));
  assert.doesNotMatch(written[0] ?? '', /\n2/);
  assert.ok(written[1]?.includes('\u001b[3A'), 'three lines back');
  assert.ok(written[2]?.includes('\u001b[1A') && written[2].includes('\u001b[?25h'), 'the cursor is shown again');
});
