import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { newToken } from '../../src/capabilities/accounts/accounts-api.ts';
import { lacks } from '../../src/ports/certificates/fixtures/running-program.ts';
import { WorkingTree } from '../../src/ports/repositories/fixtures/git-server.ts';
import { freePorts } from '../../src/proxy/fixtures/running-proxy.ts';
import { startCiRunner } from '../harness/ci-runner.ts';
import { startHttpsFront } from '../harness/https-front.ts';
import { packCli } from '../harness/packed-cli.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';

const run = promisify(execFile);
const runner = startCiRunner();
if (runner.skip !== false) console.log(`skipped: ${runner.skip}`);
after(() => (runner.skip === false ? runner.release() : undefined));
const skip = runner.skip === false ? lacks('nginx') : runner.skip;

const manifest = `app: shop
services: { web: { run: node web.mjs, port: 3000 } }
environments: { production: { strategy: { watch: 1s } } }
config: { GATE: FILE }
`;
/** Listens, or ends with an error, once a file is there: a rollout stands still for as long as a test likes. */
const web = (end: 'listens' | 'fails'): string => `import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
const server = createServer((_, response) => response.end('hello'));
const timer = setInterval(() => {
  if (!existsSync(process.env.GATE)) return;
  clearInterval(timer);
  if ('${end}' === 'fails') process.exit(3);
  server.listen(process.env.PORT);
}, 50);
`;
const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;

describe('a CI whose runner reaches Lotse by https alone', { skip, timeout: 900_000 }, () => {
  test('deploys a commit, is killed in the middle, and its next run ends as that rollout ends', async (t) => {
    if (runner.skip !== false) return;
    const lotse = await temporaryLotse(t);
    const [port = 0] = await freePorts(1);
    const { gateway } = runner;
    const { server } = await lotse.start({ flags: ['--public-url', `https://${gateway}:${port}`] });
    const folder = join(lotse.folder, 'front');
    const { url, caFile } = await startHttpsFront(t, { program: 'nginx', folder, host: gateway, port, to: server });
    const token = newToken.parse(
      await lotse.client.ask('POST /tokens', {
        ...{ name: 'ci', roles: ['developer'], app: 'shop', environments: ['production'] },
      }),
    );
    const prefix = join(lotse.folder, 'installed');
    mkdirSync(prefix);
    const install = [
      'install',
      '--offline',
      '--no-audit',
      '--no-fund',
      '--prefix',
      prefix,
      await packCli(lotse.folder),
    ];
    await run('npm', install, { env: { PATH: path, HOME: lotse.folder }, timeout: 180_000 });
    const home = join(lotse.folder, 'home');
    mkdirSync(home);
    const env = {
      ...{ PATH: path, HOME: home, CI: 'true', NODE_EXTRA_CA_CERTS: caFile },
      ...{ LOTSE_SERVER: url, LOTSE_TOKEN: token.secret },
    };
    const tree = new WorkingTree(join(lotse.folder, 'forge'));
    const program = join(prefix, 'node_modules/.bin/lotse');
    const deploy = (commit: string) => {
      const line = [program, 'deploy', 'production', '--commit', commit, '--until', 'settled', '--json'];
      return runner.start(line, { cwd: tree.folder, env });
    };
    const killedInTheMiddle = async (commit: string) => {
      const job = deploy(commit);
      const rollout = await until(
        'the rollout is under way',
        async () => {
          if (job.hasEnded) throw new Error(JSON.stringify(await job.ended));
          return await underWay(lotse);
        },
        120_000,
      );
      await job.kill();
      assert.equal(await underWay(lotse), rollout, 'a job that is killed stops nothing');
      return rollout;
    };

    for (const [name, end, exitCode] of [
      ['good', 'listens', 0],
      ['bad', 'fails', 12],
    ] as const) {
      const gate = join(lotse.folder, `gate-${name}`);
      const commit = tree.push({ 'lotse.yaml': manifest.replace('FILE', gate), 'web.mjs': web(end) });
      const rollout = await killedInTheMiddle(commit);
      const again = deploy(commit);
      await until('it follows the rollout', () => again.stderr.includes('production') || again.hasEnded, 120_000);
      assert.equal(again.hasEnded, false, `it waits: ${again.stdout}${again.stderr}`);
      writeFileSync(gate, '');
      const ended = await again.ended;
      assert.equal(ended.exitCode, exitCode, `${name}: ${ended.stdout}${ended.stderr}`);
      const said: { exitCode?: number; environments?: readonly { rollout?: { id?: string } }[] } = JSON.parse(
        ended.stdout,
      );
      assert.equal(said.exitCode, exitCode);
      assert.equal(said.environments?.at(-1)?.rollout?.id, rollout, 'the one that the killed job has started');
    }
    assert.equal((await lotse.client.releases()).length, 2, 'each commit is one release, however often it is deployed');
  });
});

/** The rollout of production that has not ended; null: there is none. */
async function underWay(lotse: TemporaryLotse): Promise<string | null> {
  const environment = await lotse.client.environment().catch(() => null);
  const rollout = environment?.rollout ?? null;
  return rollout === null || ['settled', 'returned', 'stranded'].includes(rollout.status) ? null : rollout.id;
}
