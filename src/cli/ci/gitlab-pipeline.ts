import { stringify } from 'yaml';
import { jobNameOf, nameOfFirst, pipelineNote, type FirstJob, type Pipeline } from './pipeline.ts';

/** https://docs.gitlab.com/ci/yaml/ */
export function gitlabPipeline({ app, branch, server, first, stops }: Pipeline): string {
  const names = stops.map(({ environment }) => jobNameOf(environment));
  const firstNames = nameOfFirst({ first });
  const stages = [...firstNames, ...names];
  const before = first === null ? {} : Object.fromEntries(firstNames.map((name) => [name, firstJob(name, first)]));
  const deploys = stops.map(({ environment, after }) => {
    const needs = after === null ? firstNames : [jobNameOf(after)];
    return [jobNameOf(environment), deployOf(app, environment, needs)] as const;
  });
  const pipeline = {
    workflow: { rules: [{ if: `$CI_COMMIT_BRANCH == ${JSON.stringify(branch)}` }] },
    stages,
    variables: { LOTSE_SERVER: server, LOTSE_PACKAGE: 'lotse-cli' },
    default: { image: 'node:24' },
    ...{ ...before, ...Object.fromEntries(deploys) },
  };
  return `# ${pipelineNote}\n${stringify(pipeline, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

/** One deploy to an environment at a time, and no newer pipeline cuts one off. */
function deployOf(app: string, environment: string, needs: readonly string[]) {
  return {
    stage: jobNameOf(environment),
    needs: [...needs],
    environment: { name: environment },
    resource_group: `lotse-${app}-${environment}`,
    interruptible: false,
    ...lotseJob(`lotse deploy ${environment} --only --commit "$CI_COMMIT_SHA" --reason "pipeline $CI_PIPELINE_ID"`),
  };
}

function firstJob(name: string, first: FirstJob) {
  const does =
    first.kind === 'tests' ? { script: [...first.commands] } : lotseJob('lotse pipeline run --commit "$CI_COMMIT_SHA"');
  return { stage: name, ...does };
}

/** Who it is says the identity token that GitLab gives the job. */
function lotseJob(command: string) {
  return {
    id_tokens: { LOTSE_ID_TOKEN: { aud: '$LOTSE_SERVER' } },
    script: [
      'prefix="$(mktemp -d)"',
      'npm install --silent --no-save --no-audit --no-fund --prefix "$prefix" "$LOTSE_PACKAGE"',
      'PATH="$prefix/node_modules/.bin:$PATH"',
      'LOTSE_TOKEN="${LOTSE_TOKEN:-$(lotse oidc token)}"',
      'export LOTSE_TOKEN',
      command,
    ],
  };
}
