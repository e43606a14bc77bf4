import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { lotse as run } from '../harness/running-lotse.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { isLiving } from '../harness/state-processes.ts';
import { until } from '../harness/until.ts';

const program = fileURLToPath(new URL('../../bin/lotse.mjs', import.meta.url));

describe('a program in a running instance', { timeout: 280_000 }, () => {
  const shared = sharedLotse(async (lotse) => {
    const shop = new ShopFolder(lotse);
    shop.write({});
    const deployed = await shop.lotse('deploy', 'production', '--only');
    assert.equal(deployed.exitCode, 0, deployed.said);
  });
  const exec = async (...line: readonly string[]) =>
    await new ShopFolder(shared()).lotse('exec', 'production', ...line);

  test('has its variables, folder and user, keeps both outputs apart, and its exit code is passed on', async () => {
    const said = await exec(
      'web',
      '--',
      'sh',
      '-c',
      'echo "$LOTSE_SERVICE $PORT $HOME"; pwd; id -u; echo no >&2; exit 7',
    );
    assert.equal(said.exitCode, 7, said.said);
    assert.equal(said.stderr, 'no\n');
    const [first = '', folder = '', user = ''] = said.stdout.split('\n');
    const { services } = await shared().client.environment();
    const pid = services.find(({ service }) => service === 'web')?.slots[0]?.pid ?? 0;
    assert.ok(pid > 0);
    const own = new Map(
      readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map((each) => [each.split('=')[0], each]),
    );
    const [service, port, home] = first.split(' ');
    assert.deepEqual(
      [own.get('LOTSE_SERVICE'), own.get('PORT'), own.get('HOME')],
      [`LOTSE_SERVICE=${service}`, `PORT=${port}`, `HOME=${home}`],
    );
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), new RegExp(`^Uid:\t${user}\t`, 'm'));
    assert.match(folder, /^\//);
  });

  test('what no shell has looked at arrives as it is, and bytes in both directions too', async () => {
    const words = ["it's", '$HOME', 'a b', '', '*', '"'];
    const said = await exec('web', '--', 'node', '-p', 'JSON.stringify(process.argv.slice(1))', ...words);
    assert.equal(said.stdout.trim(), JSON.stringify(words), said.stderr);
  });

  test('it is in the journal who ran what, and how it ended; what was written is not', async () => {
    const said = await exec('web', '--', 'sh', '-c', 'printf %s%s hush -hush; exit 3');
    assert.equal(said.stdout, 'hush-hush');
    const journal = await new ShopFolder(shared()).lotse('journal', '--json', '--last', '20');
    assert.match(journal.stdout, /session-opened[^]*printf/);
    assert.match(journal.stdout, /session-ended[^]*"exitCode": ?3/);
    assert.doesNotMatch(journal.stdout, /hush-hush/);
  });

  test('what is not there is refused by name', async () => {
    assert.match((await exec('wbe', '--', 'true')).said, /No instance of a service "wbe"[^]*instances of .*web/);
    assert.match((await exec('web', '--instance', '9', '--', 'true')).said, /no instance 9/);
    assert.match((await exec('web')).said, /Which command\?/);
    const none = await exec('web', '--', 'no-such-program');
    assert.equal(none.exitCode, 127, none.said);
  });

  test('a viewer may not', async () => {
    const { client, plane } = shared();
    const made = await client.ask('POST /tokens', { name: 'looks', roles: ['viewer'], speaksFor: 'system' });
    const LOTSE_TOKEN = String(Reflect.get(Object(made), 'secret'));
    const line = ['exec', 'production', 'web', '--app', 'shop', '--', 'true'];
    const said = await run(line, { cwd: '/', env: { LOTSE_SERVER: plane.server, LOTSE_TOKEN } });
    assert.equal(said.exitCode, 4, said.said);
    assert.match(said.said, /needs the role operator/);
  });

  test('it ends when the command line is killed', async () => {
    const { server, token } = shared().plane;
    const env = { ...process.env, LOTSE_SERVER: server, LOTSE_TOKEN: token };
    const line = [program, 'exec', 'production', 'web', '--app', 'shop', '--', 'sh', '-c', 'echo $$; sleep 300; true'];
    const child = spawn(process.execPath, line, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const pid = Number(await until('it runs', () => /^(\d+)\n/.exec(said)?.[1] ?? null));
    assert.ok(isLiving(pid));
    child.kill('SIGKILL');
    await until('it has ended', () => !isLiving(pid));
  });

  test('a terminal has a size that follows, and Ctrl-C reaches what runs in it', async (t) => {
    const { server, token } = shared().plane;
    // script(1) gives the command line a terminal here, of the size that stty sets in it.
    const inner = 'stty -echo rows 33 cols 99; exec "$NODE" "$PROGRAM" exec production web --app shop -- sh -i';
    const env = { ...process.env, NODE: process.execPath, PROGRAM: program, LOTSE_SERVER: server, LOTSE_TOKEN: token };
    let said = '';
    const child = spawn('script', ['-q', '-e', '-f', '-c', inner, '/dev/null'], { env: { ...env, SHELL: '/bin/sh' } });
    t.after(() => child.kill('SIGKILL'));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const seen = async (what: string, look: () => boolean) =>
      await until(what, look).catch((cause: unknown) => {
        throw new Error(`${what}: ${JSON.stringify(said)}`, { cause });
      });
    await seen('the shell asks', () => /[$] $/.test(said));
    child.stdin.write('stty size; tty; echo "code $?"\r');
    await seen('it has answered', () => /33 99\r*\n\/dev\/pts\/\d+\r*\ncode 0/.test(said));
    const [outer = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    execFileSync('stty', ['-F', readlinkSync(`/proc/${outer}/fd/0`), 'rows', '40', 'cols', '120']);
    await seen('the size has followed', () => {
      child.stdin.write('stty size\r');
      return said.includes('40 120');
    });
    child.stdin.write('echo begun; sleep 300; echo "after $?"\r');
    await seen('it sleeps', () => /begun\r*\n/.test(said));
    child.stdin.write('\u0003');
    await seen('Ctrl-C has ended it', () => (said.split(/begun\r*\n/)[1] ?? '').includes('$ '));
    child.stdin.write('exit 5\r');
    assert.equal(await ended, 5, said);
  });
});
