import assert from 'node:assert/strict';
import { execFile, spawnSync, type ExecFileException } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WorkingTree } from '../../src/ports/repositories/fixtures/git-server.ts';
import { runAction } from '../harness/github-step.ts';
import { identityProvider, type IdentityProvider } from '../harness/identity-provider.ts';
import { packCli } from '../harness/packed-cli.ts';
import { lotse as runLotse } from '../harness/running-lotse.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import { shopManifest } from '../harness/shop-app.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const shopFolder = join(root, 'test/fixtures/apps/shop');
const action = join(root, 'integrations/github-action');

/** What GitHub signs about a job (docs.github.com, "OpenID Connect reference"). */
function githubClaims(sha: string, ref = 'refs/heads/main') {
  const repository = 'acme/shop';
  return {
    ...{ sub: `repo:${repository}:ref:${ref}`, repository, repository_owner: 'acme', repository_visibility: 'private' },
    ...{
      ref,
      ref_type: 'branch',
      ref_protected: 'true',
      sha,
      actor: 'ada',
      event_name: 'push',
      workflow: 'deploy shop',
    },
    ...{ job_workflow_ref: `${repository}/.github/workflows/lotse.yml@${ref}`, run_id: '7', run_attempt: '1' },
    ...{ runner_environment: 'github-hosted' },
  };
}

/** What GitLab signs about one (docs.gitlab.com, "ID token authentication"). */
function gitlabClaims(sha: string, ref = 'main') {
  const project_path = 'acme/shop';
  return {
    ...{ sub: `project_path:${project_path}:ref_type:branch:ref:${ref}`, project_path, project_id: '22' },
    ...{ namespace_path: 'acme', namespace_id: '7', ref, ref_type: 'branch', ref_protected: 'true', sha },
    ...{
      pipeline_id: '1212',
      pipeline_source: 'push',
      job_id: '4711',
      user_login: 'ada',
      user_email: 'ada@shop.example',
    },
    ...{ ci_config_ref_uri: `gitlab.com/${project_path}//.gitlab-ci.yml@refs/heads/${ref}` },
  };
}

describe('pipelines without a stored secret', { timeout: 900_000 }, () => {
  let cli = '';
  let tree: WorkingTree | null = null;
  const shared = sharedLotse(async (lotse) => {
    cli = await packCli(lotse.folder);
    mkdirSync(join(lotse.folder, 'home'));
    tree = new WorkingTree(join(lotse.folder, 'forge'));
  });
  const surroundings = () => ({
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    HOME: join(shared().folder, 'home'),
    npm_config_update_notifier: 'false',
    npm_config_offline: 'true',
  });
  const lotse = async (...line: readonly string[]) => {
    const { server, token } = shared().plane;
    return await runLotse(line, { cwd: tree?.folder ?? '/', env: { LOTSE_SERVER: server, LOTSE_TOKEN: token } });
  };
  const push = (mark: string): string => {
    const files = readdirSync(shopFolder).map((name) => [name, readFileSync(join(shopFolder, name), 'utf8')] as const);
    return tree?.push({ ...Object.fromEntries(files), 'lotse.yaml': shopManifest({}), mark }) ?? assert.fail();
  };
  const allow = async (kind: string, provider: IdentityProvider, ref: string) => {
    const line = ['oidc', 'allow', kind, 'acme/shop', '--issuer', provider.issuer, '--ref', ref];
    const allowed = await lotse(...line, '--app', 'shop', '--environment', 'production');
    assert.equal(allowed.exitCode, 0, allowed.said);
  };
  const commitThere = async () => {
    const { release } = await shared().client.environment();
    return { release, commit: (await shared().client.releases()).find(({ id }) => id === release)?.commit };
  };

  test('the action at GitHub: the job proves who it is, deploys its commit, and nothing shows its token', async (t) => {
    const provider = await identityProvider(t);
    await allow('github', provider, 'refs/heads/main');
    const commit = push('one');
    const job = (claims: object) => ({
      ...{ workspace: tree?.folder ?? '', scratch: shared().folder },
      env: { ...surroundings(), ...provider.githubJob({ ...claims }) },
      github: {
        ...{ sha: commit, workflow: 'deploy shop', server_url: 'https://github.com' },
        ...{ repository: 'acme/shop', run_id: '7' },
      },
    });
    const inputs = { server: shared().plane.server, environment: 'production', package: cli };

    const foreign = await runAction(action, inputs, job(githubClaims(commit, 'refs/pull/3/merge')));
    assert.equal(foreign.exitCode, 4, foreign.log);
    assert.match(foreign.log, /No rule allows this pipeline: .*refs\/pull\/3\/merge/);
    assert.equal((await shared().client.refusal('GET /apps/shop/environments/production')).code, 'not-found');

    const ran = await runAction(action, inputs, job(githubClaims(commit)));
    assert.equal(ran.exitCode, 0, ran.log);
    const { release, commit: there } = await commitThere();
    assert.equal(there, commit);
    assert.deepEqual(ran.outputs, { release });
    assert.equal(ran.summary, `Lotse: ${release} (exit code 0)\n`);
    const [masked = ''] = /^::add-mask::(.+)$/m.exec(ran.log)?.slice(1) ?? [];
    assert.match(masked, /^lotse_/);
    assert.equal(ran.log.split(masked).length, 2, 'after it was masked it is not in the log');
    const journal = await lotse('journal', '--json', '--last', '100');
    assert.match(journal.stdout, /deploy shop https:\/\/github\.com\/acme\/shop\/actions\/runs\/7/);
    assert.match((await lotse('token', 'list')).stdout, /acme\/shop at refs\/heads\/main/);

    const again = await runAction(action, inputs, job(githubClaims(commit)));
    assert.equal(again.exitCode, 0, again.log);
    assert.deepEqual(again.outputs, { release }, 'a job that runs again finds its release');
  });

  const rsync = spawnSync('rsync', ['--version']).status === 0;
  const skip = rsync ? false : 'gitlab-ci-local needs rsync';
  test(
    'the template at GitLab: a job with the token that GitLab has signed for it deploys its commit',
    { skip },
    async (t) => {
      const provider = await identityProvider(t);
      await allow('gitlab', provider, 'main');
      const { server } = shared().plane;
      const folder = tree?.folder ?? '';
      cpSync(join(root, 'integrations/gitlab/lotse.gitlab-ci.yml'), join(folder, 'lotse.gitlab-ci.yml'));
      const extending = {
        include: [{ local: 'lotse.gitlab-ci.yml' }],
        deploy: { extends: '.lotse-deploy', environment: 'production' },
      };
      writeFileSync(join(folder, '.gitlab-ci.yml'), JSON.stringify(extending));
      const commit = push('two');
      tree?.git('remote', 'add', 'origin', 'https://gitlab.com/acme/shop.git');
      const pipeline = async (claims: object) => {
        // GitLab makes it for the audience that the template names; what runs jobs here gives it as the variable that it is.
        const identity = await provider.sign({ ...claims, aud: server });
        const given = [
          ...[`LOTSE_SERVER=${server}`, 'LOTSE_ENVIRONMENT=production', `LOTSE_PACKAGE=${cli}`],
          `LOTSE_ID_TOKEN=${identity}`,
        ];
        const flags = ['--force-shell-executor', '--no-color', ...given.flatMap((each) => ['--variable', each])];
        return await runGitlab(flags, folder, surroundings());
      };
      const foreign = await pipeline(gitlabClaims(commit, 'feature'));
      assert.notEqual(foreign.code, 0, foreign.output);
      assert.match(foreign.output, /No rule allows this pipeline/);
      const ran = await pipeline(gitlabClaims(commit));
      assert.equal(ran.code, 0, ran.output);
      assert.equal((await commitThere()).commit, commit);
      assert.match((await lotse('token', 'list')).stdout, /acme\/shop at main/);
    },
  );
});

async function runGitlab(flags: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
  const gitlab = fileURLToPath(import.meta.resolve('gitlab-ci-local'));
  return await new Promise<{ readonly code: number; readonly output: string }>((resolve) => {
    const options = { cwd, env, timeout: 240_000, maxBuffer: 16 * 1024 * 1024 };
    execFile(process.execPath, [gitlab, ...flags], options, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}\n${stderr}` }),
    );
  });
}
