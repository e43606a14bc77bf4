import assert from 'node:assert/strict';
import { execFile, spawnSync, type ExecFileException } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { runLotse } from '../../src/cli/fixtures/run-lotse.ts';
import { WorkingTree } from '../../src/ports/repositories/fixtures/git-server.ts';
import { shopManifest } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const shopFolder = join(root, 'test/fixtures/apps/shop');
const server = 'http://127.0.0.1:1';
const shop = { environments: { staging: { strategy: { watch: '1s' } } }, production: { after: 'staging' } };

interface Ran {
  readonly code: number;
  readonly output: string;
}

async function run(argv: readonly [string, ...string[]], cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  const [program, ...args] = argv;
  return await new Promise((resolve) => {
    const options = { cwd, env, timeout: 240_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(program, args, options, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}\n${stderr}` }),
    );
  });
}

/** A repository with the shop, and what stands in for the published command line. */
function world(lotse: TemporaryLotse, pipeline?: object) {
  const folder = join(lotse.folder, 'forge');
  mkdirSync(folder);
  const tree = new WorkingTree(folder);
  const cli = join(lotse.folder, 'lotse-cli');
  mkdirSync(cli);
  writeFileSync(
    join(cli, 'package.json'),
    JSON.stringify({ name: 'lotse-cli', version: '1.0.0', bin: { lotse: 'lotse.sh' } }),
  );
  writeFileSync(join(cli, 'lotse.sh'), `#!/bin/sh\nexec '${process.execPath}' '${root}src/cli/lotse.ts' "$@"\n`);
  chmodSync(join(cli, 'lotse.sh'), 0o755);
  const files = readdirSync(shopFolder).map((name) => [name, readFileSync(join(shopFolder, name), 'utf8')] as const);
  const scripts = { test: 'node --check web.mjs', start: 'node web.mjs' };
  const manifest = shopManifest(pipeline === undefined ? shop : { ...shop, more: { pipeline } });
  const push = (mark: string, changed: Readonly<Record<string, string>> = {}) =>
    tree.push({
      ...Object.fromEntries(files),
      'lotse.yaml': manifest,
      'package.json': JSON.stringify({ name: 'shop', scripts }),
      mark,
      ...changed,
    });
  const home = mkdtempSync(join(lotse.folder, 'home-'));
  const variables = { LOTSE_SERVER: lotse.plane.server, LOTSE_TOKEN: lotse.plane.token, LOTSE_PACKAGE: cli };
  const surroundings = {
    PATH: process.env['PATH'],
    HOME: home,
    npm_config_update_notifier: 'false',
    npm_config_offline: 'true',
  };
  return { tree, push, variables, surroundings };
}

/** GitHub's own parser. It loads its schemas as bundlers do, without saying that they are JSON. */
async function githubParser() {
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  });
  const workflows = await import('@actions/workflow-parser');
  const actions = await import('@actions/workflow-parser/actions/action-parser');
  hooks.deregister();
  return { ...workflows, ...actions };
}

/** What it says about a workflow. */
async function mistakesIn(content: string): Promise<readonly unknown[]> {
  const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await githubParser();
  const { context, value } = parseWorkflow({ name: 'lotse.yml', content }, new NoOperationTraceWriter());
  const template = value === undefined ? null : await convertWorkflowTemplate(context, value);
  return [
    ...context.errors.getErrors(),
    ...(template?.errors ?? []),
    ...(template === null ? ['nothing was read'] : []),
  ];
}

test(
  'where lotse.yaml declares a pipeline, the workflows let Lotse run it before they deploy, and a job that fails ends them',
  { timeout: 300_000 },
  async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const { tree, push, variables, surroundings } = world(lotse, { jobs: { check: { run: 'node --check web.mjs' } } });
    const commit = push('one');
    const made = await runLotse(['export', 'ci', 'github', '--server', server], { cwd: tree.folder });
    assert.equal(made.exitCode, 0, made.stderr);
    const content = readFileSync(join(tree.folder, '.github/workflows/lotse.yml'), 'utf8');
    assert.deepEqual(await mistakesIn(content), []);
    const { jobs } = workflowShape.parse(parse(content));
    assert.deepEqual(Object.keys(jobs), ['pipeline', 'staging', 'production']);
    assert.equal(jobs['staging']?.needs, 'pipeline');
    const env = { ...surroundings, ...variables, GITHUB_WORKFLOW: 'deploy shop', GITHUB_RUN_ID: '7' };
    const runAll = async (sha: string) => {
      const ran: Ran[] = [];
      for (const command of Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.run ?? []))) {
        const argv = ['bash', '--noprofile', '--norc', '-e', '-c', command] as const;
        ran.push(await run(argv, tree.folder, { ...env, GITHUB_SHA: sha }));
        if (ran.at(-1)?.code !== 0) break;
      }
      return ran;
    };
    const good = await runAll(commit);
    assert.deepEqual(
      good.map(({ code }) => code),
      [0, 0, 0],
      good.map(({ output }) => output).join('\n'),
    );
    assert.match(good[0]?.output ?? '', /check passed/);
    const { release } = await lotse.client.environment('production');
    assert.equal((await lotse.client.releases()).find(({ id }) => id === release)?.commit, commit);

    const bad = await runAll(push('two', { 'web.mjs': 'this is (no program' }));
    assert.deepEqual(
      bad.map(({ code }) => code),
      [11],
    );
    assert.match(bad[0]?.output ?? '', /check failed/);
    assert.equal((await lotse.client.environment('production')).release, release);
  },
);

const workflowShape = z.object({
  jobs: z.record(
    z.string(),
    z.object({ needs: z.string().optional(), steps: z.array(z.object({ run: z.string().optional() })) }),
  ),
});

describe('what `lotse export ci` writes', () => {
  const rsync = spawnSync('rsync', ['--version']).status === 0;
  const skip = rsync ? false : 'gitlab-ci-local needs rsync';
  test(
    'is a valid workflow of GitHub whose commands test and deploy, and so does a pipeline of GitLab',
    { skip },
    async (t) => {
      const lotse = await temporaryLotse(t);
      await lotse.start();
      const { tree, push, variables, surroundings } = world(lotse);
      const first = push('one');
      for (const ci of ['github', 'gitlab']) {
        const made = await runLotse(['export', 'ci', ci, '--server', server], { cwd: tree.folder });
        assert.equal(made.exitCode, 0, made.stderr);
      }

      const content = readFileSync(join(tree.folder, '.github/workflows/lotse.yml'), 'utf8');
      assert.deepEqual(await mistakesIn(content), []);
      assert.notDeepEqual(await mistakesIn(content.replace('runs-on', 'runs-at')), []);
      const { jobs } = workflowShape.parse(parse(content));
      assert.deepEqual(
        Object.entries(jobs).map(([name, { needs }]) => [name, needs ?? null]),
        [
          ['test', null],
          ['staging', 'test'],
          ['production', 'staging'],
        ],
      );
      const env = {
        ...surroundings,
        ...variables,
        GITHUB_SHA: first,
        GITHUB_WORKFLOW: 'deploy shop',
        GITHUB_RUN_ID: '7',
      };
      for (const command of Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.run ?? []))) {
        const { code, output } = await run(['bash', '--noprofile', '--norc', '-e', '-c', command], tree.folder, env);
        assert.equal(code, 0, `${command}\n${output}`);
      }
      const deployed = await lotse.client.environment('production');
      const releases = await lotse.client.releases();
      assert.equal(releases.find(({ id }) => id === deployed.release)?.commit, first);

      // The action does the same, and finds it there.
      const outputs = join(lotse.folder, 'outputs');
      const inputs = {
        LOTSE_ENVIRONMENT: 'production',
        LOTSE_COMMIT: first,
        LOTSE_UNTIL: 'live',
        LOTSE_WAIT: 'false',
        LOTSE_REASON: 'run 7',
      };
      const action = await run([join(root, 'integrations/github-action/deploy.sh')], tree.folder, {
        ...env,
        ...inputs,
        GITHUB_OUTPUT: outputs,
      });
      assert.equal(action.code, 0, action.output);
      assert.equal(readFileSync(outputs, 'utf8'), `release=${deployed.release}\n`);

      cpSync(join(root, 'integrations/gitlab/lotse.gitlab-ci.yml'), join(tree.folder, 'lotse.gitlab-ci.yml'));
      const extending = {
        include: [{ local: 'lotse.gitlab-ci.yml' }],
        deploy: { extends: '.lotse-deploy', environment: 'production' },
      };
      writeFileSync(join(tree.folder, 'extending.yml'), JSON.stringify(extending));
      const second = push('two');
      tree.git('remote', 'add', 'origin', 'https://gitlab.com/acme/shop.git');
      for (const file of ['.gitlab-ci.yml', 'extending.yml']) {
        const given = Object.entries({ ...variables, LOTSE_ENVIRONMENT: 'production' }).map(
          ([name, value]) => `${name}=${value}`,
        );
        const gitlab = fileURLToPath(import.meta.resolve('gitlab-ci-local'));
        const flags = [
          '--file',
          file,
          '--force-shell-executor',
          '--no-color',
          ...given.flatMap((each) => ['--variable', each]),
        ];
        const { code, output } = await run([process.execPath, gitlab, ...flags], tree.folder, surroundings);
        assert.equal(code, 0, output);
      }
      for (const environment of ['staging', 'production']) {
        const { release } = await lotse.client.environment(environment);
        assert.equal((await lotse.client.releases()).find(({ id }) => id === release)?.commit, second);
      }
    },
  );
});

test('the action is valid, and gives its script all that it reads', async () => {
  const { NoOperationTraceWriter, parseAction } = await githubParser();
  const content = readFileSync(join(root, 'integrations/github-action/action.yml'), 'utf8');
  const mistakes = (text: string) =>
    parseAction({ name: 'action.yml', content: text }, new NoOperationTraceWriter()).context.errors.getErrors();
  assert.deepEqual(mistakes(content), []);
  assert.notDeepEqual(mistakes(content.replace('using: composite', 'using: magic')), []);
  const step = z.object({ env: z.record(z.string(), z.string()), run: z.string() });
  const { steps } = z.object({ runs: z.object({ steps: z.array(step) }) }).parse(parse(content)).runs;
  const script = readFileSync(join(root, 'integrations/github-action/deploy.sh'), 'utf8');
  const read = new Set(script.match(/LOTSE_[A-Z]+/g));
  assert.deepEqual(Object.keys(steps[0]?.env ?? {}).toSorted(), [...read, 'LOTSE_SERVER'].toSorted());
});
