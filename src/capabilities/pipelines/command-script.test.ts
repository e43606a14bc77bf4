import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandScript } from './command-script.ts';

const show = [process.execPath, '-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)) + "\\n")', '--'];

function ran(commands: readonly (readonly string[])[]) {
  const [program = '', ...words] = commandScript(commands);
  return spawnSync(program, words, { encoding: 'utf8' });
}

test('commands run one after the other, each with its own words, and are said first', () => {
  const { status, stdout } = ran([['echo', 'a b', "it's"], ['true'], ['echo', '$HOME', '`id`', '']]);
  assert.equal(status, 0);
  assert.equal(stdout, "$ echo a b it's\na b it's\n$ true\n$ echo $HOME `id` \n$HOME `id` \n");
});

test('the first that fails ends them all, with its own status', () => {
  const { status, stdout } = ran([
    ['echo', 'one'],
    ['sh', '-c', 'exit 7'],
    ['echo', 'two'],
  ]);
  assert.equal(status, 7);
  assert.ok(!stdout.includes('two'));
  assert.equal(ran([['no-such-program-anywhere']]).status, 127);
});

test('no shell reads a word, whatever stands in it', () => {
  const word = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '$', '`', '\\', '\n', '*', ';', '-', '(', '1') });
  const property = fc.property(fc.array(word, { maxLength: 4 }), fc.array(word, { maxLength: 4 }), (first, second) => {
    const [program = '', ...words] = commandScript([
      [...show, ...first],
      [...show, ...second],
    ]);
    const lines = execFileSync(program, words, { encoding: 'utf8' }).split('\n');
    const told = lines.filter((line) => line.startsWith('["') || line === '[]');
    assert.ok(told.includes(JSON.stringify(first)), JSON.stringify(first));
    assert.equal(told.at(-1), JSON.stringify(second));
  });
  fc.assert(property, { numRuns: 15 });
});
