import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LotseAtTerminal } from '../harness/lotse-at-terminal.ts';
import { lotse as runLotse } from '../harness/running-lotse.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { isLiving } from '../harness/state-processes.ts';
import { until } from '../harness/until.ts';

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));
const why = ['--reason', 'orders of Tuesday'] as const;

describe('a program that runs once, as a service runs', { timeout: 900_000 }, () => {
  const shared = sharedLotse(async (lotse) => {
    const shop = new ShopFolder(lotse);
    const web = { config: { COLOUR: 'blue' } };
    shop.write({ web, config: { COLOUR: 'red' }, more: { secrets: ['KEY'] } });
    await lotse.client.ask('GET /apps');
    const set = await shop.lotse('secret', 'set', 'KEY', 'production', '--random');
    assert.equal(set.exitCode, 0, set.said);
    const deployed = await shop.lotse('deploy', 'production', '--only');
    assert.equal(deployed.exitCode, 0, deployed.said);
  });
  const run = async (...line: readonly string[]) => await new ShopFolder(shared()).lotse('run', 'production', ...line);
  const environmentOf = () => {
    const { server, token } = shared().plane;
    return { LOTSE_SERVER: server, LOTSE_TOKEN: token };
  };
  const oneOffs = (): readonly string[] => {
    const folder = join(shared().state, 'target/run/shop/production/one-offs');
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  test('has the config, secrets, stores and files of the service, no port, and its exit code is passed on', async () => {
    const say =
      'echo "$COLOUR $LOTSE_SERVICE $LOTSE_RELEASE [$PORT] ${#KEY}"; ls web.mjs; ls -d "$DATA_DIR"; echo no >&2; exit 7';
    const said = await run('web', ...why, '--', 'sh', '-c', say);
    assert.equal(said.exitCode, 7, said.said);
    const { release } = await shared().client.environment();
    const [line = '', file] = said.stdout.split('\n');
    assert.match(line, new RegExp(`^blue web ${release} \\[\\] \\d\\d+$`));
    assert.equal(file, 'web.mjs');
    assert.match(said.stderr, /no\n/);
    await until('nothing of it is left', () => oneOffs().length === 0);
  });

  test('is a pipe where there is no terminal, and words arrive as they are', async () => {
    const words = ["it's", '$HOME', 'a b', '', '*', '"'];
    const said = await run('web', ...why, '--', 'node', '-p', 'JSON.stringify(process.argv.slice(1))', ...words);
    assert.equal(said.stdout.trim(), JSON.stringify(words), said.stderr);
  });

  test('in production it needs a reason, which is in the journal with who, what and how it ended', async () => {
    const refused = await run('web', '--', 'true');
    assert.equal(refused.exitCode, 2, refused.said);
    assert.match(refused.said, /needs a reason[^]*--reason/);
    const said = await run('web', '--reason', 'counting', '--', 'sh', '-c', 'printf %s%s hush -hush; exit 3');
    assert.equal(said.stdout, 'hush-hush');
    const journal = await new ShopFolder(shared()).lotse('journal', '--json', '--last', '20');
    assert.match(journal.stdout, /one-off-started[^]*counting/);
    assert.match(journal.stdout, /one-off-ended[^]*"exitCode": ?3/);
    assert.doesNotMatch(journal.stdout, /hush-hush/);
  });

  test('what is not there is refused by name, and whoever may only look', async () => {
    assert.match((await run('wbe', ...why, '--', 'true')).said, /has no service "wbe"[^]*It has web/);
    const none = await run('web', ...why, '--', 'no-such-program');
    assert.equal(none.exitCode, 127, none.said);
    const late = await run('web', ...why, '--within', '5m', '--', 'true');
    assert.match(late.said, /--within is for what runs on without you/);
    const made = await shared().client.ask('POST /tokens', { name: 'looks', roles: ['viewer'], speaksFor: 'system' });
    const LOTSE_TOKEN = String(Reflect.get(Object(made), 'secret'));
    const line = ['run', 'production', 'web', '--app', 'shop', ...why, '--', 'true'];
    const said = await runLotse(line, { cwd: '/', env: { ...environmentOf(), LOTSE_TOKEN } });
    assert.equal(said.exitCode, 4, said.said);
  });

  test('it ends when the command line is killed, and when the control plane is', async () => {
    const begin = async () => {
      const script = 'echo $$; sleep 3000; true';
      const line = [program, 'run', 'production', 'web', '--app', 'shop', ...why, '--', 'sh', '-c', script];
      const env = { ...process.env, ...environmentOf() };
      const child = spawn(process.execPath, line, { env, stdio: ['pipe', 'pipe', 'ignore'] });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      const pid = Number(await until('it runs', () => /^(\d+)\n/.exec(said)?.[1] ?? null, 60_000));
      assert.ok(isLiving(pid));
      return { child, pid };
    };
    const first = await begin();
    first.child.kill('SIGKILL');
    await until('it has ended', () => !isLiving(first.pid), 60_000);
    const second = await begin();
    await shared().plane.end('SIGKILL');
    await until('it has ended with it', () => !isLiving(second.pid), 60_000);
    second.child.kill('SIGKILL');
    await shared().start();
    await until('and nothing of it is left', () => oneOffs().length === 0, 60_000);
    const journal = await new ShopFolder(shared()).lotse('journal', '--json', '--last', '200');
    const ends = journal.stdout.match(/"one-off-ended"/g)?.length;
    assert.equal(ends, journal.stdout.match(/"one-off-started"/g)?.length, 'also how that one ended: nobody knows');
  });

  test('a terminal has a size that follows, and Ctrl-C reaches what runs in it', async (t) => {
    const line = ['run', 'production', 'web', '--app', 'shop', ...why, '--', 'sh', '-i'];
    const terminal = new LotseAtTerminal(t, line, { env: environmentOf() });
    await terminal.seen('the shell asks', (said) => /[$#] $/.test(said));
    terminal.type('stty size; tty; echo "code $?"\r');
    await terminal.seen('it has answered', (said) => /33 99\r*\n\/dev\/pts\/\d+\r*\ncode 0/.test(said));
    terminal.resize(40, 120);
    await terminal.seen('the size has followed', (said) => {
      terminal.type('stty size\r');
      return said.includes('40 120');
    });
    terminal.type('echo begun; sleep 3000; echo "after $?"\r');
    await terminal.seen('it sleeps', (said) => /begun\r*\n/.test(said));
    terminal.type('\u0003');
    await terminal.seen('Ctrl-C has ended it', (said) => /[$#] /.test(said.split(/begun\r*\n/)[1] ?? ''));
    terminal.type('exit 5\r');
    assert.equal(await terminal.ended, 5, terminal.said);
  });

  test('at a terminal somebody is asked for the reason', async (t) => {
    const line = ['run', 'production', 'web', '--app', 'shop', '--', 'sh', '-c', 'echo done'];
    const terminal = new LotseAtTerminal(t, line, { env: environmentOf() });
    await terminal.seen('it asks', (said) => said.includes('Why in production?'));
    terminal.type('asked at the terminal\r');
    assert.equal(await terminal.ended, 0, terminal.said);
    assert.match(terminal.said, /done/);
    const journal = await new ShopFolder(shared()).lotse('journal', '--json', '--last', '5');
    assert.match(journal.stdout, /asked at the terminal/);
  });

  test('detached it runs on with the config of the service, and is found by its key', async () => {
    const script = 'echo "as $COLOUR $LOTSE_SERVICE"; exit 9';
    const said = await run('web', ...why, '--detach', '--', 'sh', '-c', script);
    assert.equal(said.exitCode, 0, said.said);
    const key = said.stdout.trim();
    const job = await until(
      'it has ended',
      async () => {
        const seen = await shared().client.ask(
          `GET /apps/shop/environments/production/jobs/${encodeURIComponent(key)}`,
        );
        return Reflect.get(Object(seen), 'state') === 'failed' && seen;
      },
      60_000,
    );
    assert.equal(Reflect.get(Object(job), 'exitCode'), 9);
    const logs = await new ShopFolder(shared()).lotse('logs', 'production', '--job', key);
    assert.match(logs.said, /as blue web/);
    assert.equal((await run('web', '--detach', '--', 'true')).exitCode, 2, 'it needs a reason too');
  });
});
