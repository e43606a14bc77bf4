import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandList } from './command-list.ts';
import { runLotse } from './fixtures/run-lotse.ts';

test('every command explains itself with examples and exit codes', async () => {
  for (const { name } of commandList) {
    const { exitCode, stdout } = await runLotse([name, '--help']);
    assert.equal(exitCode, 0, name);
    assert.match(stdout, new RegExp(`^Usage: lotse ${name}`), name);
    assert.match(stdout, /\nExamples:\n {2}lotse /, name);
    assert.match(stdout, /\nExit codes:\n {2}0 {2}\S/, name);
  }
});

test('`lotse help deploy` and `lotse deploy --help` are the same text', async () => {
  const help = await runLotse(['help', 'deploy']);
  assert.equal(help.exitCode, 0);
  assert.equal(help.stdout, (await runLotse(['deploy', '--help'])).stdout);
});

test('without a command all of them are listed', async () => {
  const { exitCode, stdout } = await runLotse([]);
  assert.equal(exitCode, 0);
  for (const { name, summary } of commandList) assert.ok(stdout.includes(`  ${name.padEnd(15)} ${summary}`), name);
});

test('a misspelt command or option gets the nearest one and exit code 2', async () => {
  const command = await runLotse(['deplyo']);
  assert.deepEqual([command.exitCode, command.stdout], [2, '']);
  assert.equal(command.stderr, "✗ Unknown command 'deplyo'\n  Did you mean deploy?\n");
  const option = await runLotse(['deploy', '--comit', 'x']);
  assert.equal(option.stderr, "✗ Unknown option '--comit'\n  Did you mean --commit?\n");
});

test('an error for scripts is JSON on stdout with its exit code', async () => {
  const { exitCode, stdout } = await runLotse(['status', '--json'], { cwd: '/' });
  assert.equal(exitCode, 20);
  assert.partialDeepStrictEqual(JSON.parse(stdout), { error: { code: 'unreachable', exitCode: 20 } });
});

test('`lotse --help` loads no command: neither zod nor the client', () => {
  const entry = fileURLToPath(new URL('lotse.ts', import.meta.url));
  const trace = `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(trace)}`, entry, '--help'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0);
  assert.match(stderr, /command-line\.ts/);
  assert.doesNotMatch(stderr, /\/zod\/|client\.ts|commands\//);
});

test('bash completes commands, options and the environments of the app', async () => {
  const { stdout } = await runLotse(['completion', 'bash']);
  const ask = (words: string, index: number) =>
    spawnSync(
      'bash',
      ['-c', `${stdout}\nCOMP_WORDS=(${words}); COMP_CWORD=${index}; _lotse; printf '%s\\n' "\${COMPREPLY[@]}"`],
      {
        encoding: 'utf8',
      },
    )
      .stdout.trim()
      .split('\n');
  assert.deepEqual(ask('lotse dep', 1), ['deploy']);
  assert.deepEqual(ask('lotse deploy --com', 2), ['--commit']);
  assert.deepEqual(ask('lotse token re', 2), ['revoke']);
});

test('zsh and fish get scripts with every command', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await runLotse(['completion', shell]);
    for (const { name } of commandList) assert.ok(stdout.includes(name), `${shell}: ${name}`);
  }
});
