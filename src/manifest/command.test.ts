import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitCommand } from './command.ts';

function argvOf(text: string): readonly string[] {
  const split = splitCommand(text);
  assert.ok('argv' in split, `${text}: ${JSON.stringify(split)}`);
  return split.argv;
}

function refusalOf(text: string): string {
  const split = splitCommand(text);
  assert.ok('refused' in split, `${text} was split: ${JSON.stringify(split)}`);
  return split.refused;
}

test('a command is split at spaces; quotes and backslashes keep words together', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['node server.ts', ['node', 'server.ts']],
    ['  node \t server.ts \n', ['node', 'server.ts']],
    [`sh -c 'a | b && c > "$HOME"'`, ['sh', '-c', 'a | b && c > "$HOME"']],
    ['echo "two words" one\\ word', ['echo', 'two words', 'one word']],
    ['echo "a\\"b\\\\c\\n"', ['echo', 'a"b\\c\\n']],
    [`echo ''`, ['echo', '']],
    [`echo a'b'"c"d`, ['echo', 'abcd']],
    ['echo \\$HOME "\\$HOME"', ['echo', '$HOME', '$HOME']],
    ['node --env=a x=1', ['node', '--env=a', 'x=1']],
    ["grep 'x*' a~b a#b", ['grep', 'x*', 'a~b', 'a#b']],
  ];
  for (const [text, argv] of cases) assert.deepEqual(argvOf(text), argv);
});

test('what only a shell understands is refused, with the advice to write sh -c', () => {
  for (const text of [
    'a | b',
    'a && b',
    'a; b',
    'a > f',
    'a < f',
    'a $HOME',
    'a "$HOME"',
    'a `b`',
    'a *.ts',
    'a ~/b',
    'a\nb',
  ]) {
    assert.match(refusalOf(text), /sh -c '…'/, text);
  }
  assert.match(refusalOf('PORT=1 node x'), /config/);
  assert.match(refusalOf('echo "a'), /never closed/);
  assert.match(refusalOf("echo 'a"), /never closed/);
  assert.match(refusalOf('echo a\\'), /backslash/);
  assert.match(refusalOf(''), /empty/);
  assert.match(refusalOf("'' a"), /empty word/);
});

test('the offset of a refusal points at the character', () => {
  assert.deepEqual(splitCommand('  a | b'), { refused: refusalOf('a | b'), offset: 4 });
});

test('a shell splits every accepted command in the same way', () => {
  const words = fc.array(fc.stringMatching(/^[ -~]{0,12}$/), { minLength: 1, maxLength: 6 });
  const commands = fc.sample(
    words.map((list) => list.join(' ')),
    { numRuns: 400, seed: 20 },
  );
  const accepted = commands.filter((text) => 'argv' in splitCommand(text) && !/^[!{}]|[{}!]| #/.test(text));
  assert.ok(accepted.length > 40, `only ${accepted.length} commands were accepted`);
  // One shell for all: each command's words are printed with separators that cannot occur in them.
  const print = `show() { for word; do printf '%s\\001' "$word"; done; printf '\\002'; }`;
  const script = [print, ...accepted.map((text) => `show ${text}`)].join('\n');
  const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  const seen = printed
    .split('\x02')
    .slice(0, -1)
    .map((line) => line.split('\x01').slice(0, -1));
  assert.deepEqual(
    seen,
    accepted.map((text) => [...argvOf(text)]),
  );
});

test('quoting any word brings it back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
      const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
      assert.deepEqual(argvOf(`node ${quoted}`), ['node', ...words]);
    }),
  );
});
