import { stringify } from 'yaml';
import { jobNameOf, pipelineNote, testJob, type Pipeline } from './pipeline.ts';

/** https://docs.gitlab.com/ci/yaml/ */
export function gitlabPipeline({ app, branch, server, test, stops }: Pipeline): string {
  const names = stops.map(({ environment }) => jobNameOf(environment));
  const stages = [...(test.length === 0 ? [] : [testJob]), ...names];
  const tests = test.length === 0 ? {} : { [testJob]: { stage: testJob, script: [...test] } };
  const deploys = stops.map(({ environment, after }) => {
    const before = after === null ? (test.length === 0 ? [] : [testJob]) : [jobNameOf(after)];
    return [jobNameOf(environment), deployOf(app, environment, before)] as const;
  });
  const pipeline = {
    workflow: { rules: [{ if: `$CI_COMMIT_BRANCH == ${JSON.stringify(branch)}` }] },
    stages,
    variables: { LOTSE_SERVER: server, LOTSE_PACKAGE: 'lotse-cli' },
    default: { image: 'node:24' },
    ...{ ...tests, ...Object.fromEntries(deploys) },
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
    id_tokens: { LOTSE_ID_TOKEN: { aud: '$LOTSE_SERVER' } },
    script: [
      'prefix="$(mktemp -d)"',
      'npm install --silent --no-save --no-audit --no-fund --prefix "$prefix" "$LOTSE_PACKAGE"',
      'PATH="$prefix/node_modules/.bin:$PATH"',
      'LOTSE_TOKEN="${LOTSE_TOKEN:-$(lotse oidc token)}"',
      'export LOTSE_TOKEN',
      `lotse deploy ${environment} --only --commit "$CI_COMMIT_SHA" --reason "pipeline $CI_PIPELINE_ID"`,
    ],
  };
}
