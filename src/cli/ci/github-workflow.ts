import { stringify } from 'yaml';
import { jobNameOf, nameOfFirst, pipelineNote, type FirstJob, type Pipeline } from './pipeline.ts';

const checkout = { uses: 'actions/checkout@v4' };
const node = { uses: 'actions/setup-node@v4', with: { 'node-version': 24 } };

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax */
export function githubWorkflow({ app, branch, server, first, stops }: Pipeline): string {
  const [firstName = null] = nameOfFirst({ first });
  const before = first === null || firstName === null ? {} : { [firstName]: firstJob(first) };
  const deploys = stops.map(({ environment, after }) => {
    const needs = after === null ? firstName : jobNameOf(after);
    return [jobNameOf(environment), deployOf(app, environment, needs)] as const;
  });
  const workflow = {
    name: `deploy ${app}`,
    on: { push: { branches: [branch] }, workflow_dispatch: {} },
    permissions: { contents: 'read', 'id-token': 'write' },
    env: { LOTSE_SERVER: server, LOTSE_PACKAGE: 'lotse-cli' },
    jobs: { ...before, ...Object.fromEntries(deploys) },
  };
  return `# ${pipelineNote}\n${stringify(workflow, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function firstJob(first: FirstJob) {
  const commands = first.kind === 'tests' ? first.commands : [lotseLines('lotse pipeline run --commit "$GITHUB_SHA"')];
  return { 'runs-on': 'ubuntu-latest', steps: [checkout, node, ...commands.map((run) => ({ run }))] };
}

/** A newer run waits for the one before, and takes the place of those that wait. */
function deployOf(app: string, environment: string, before: string | null) {
  return {
    ...(before === null ? {} : { needs: before }),
    'runs-on': 'ubuntu-latest',
    environment,
    concurrency: { group: `lotse-${app}-${environment}`, 'cancel-in-progress': false },
    steps: [checkout, node, { name: `deploy to ${environment}`, run: lotseLines(deployLine(environment)) }],
  };
}

function deployLine(environment: string): string {
  return `lotse deploy ${environment} --only --commit "$GITHUB_SHA" --reason "$GITHUB_WORKFLOW $GITHUB_RUN_ID"`;
}

function lotseLines(command: string): string {
  return [
    'prefix="$(mktemp -d)"',
    'npm install --silent --no-save --no-audit --no-fund --prefix "$prefix" "$LOTSE_PACKAGE"',
    'PATH="$prefix/node_modules/.bin:$PATH"',
    'LOTSE_TOKEN="${LOTSE_TOKEN:-$(lotse oidc token)}"',
    'export LOTSE_TOKEN',
    command,
    '',
  ].join('\n');
}
