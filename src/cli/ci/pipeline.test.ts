import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { githubWorkflow } from './github-workflow.ts';
import { gitlabPipeline } from './gitlab-pipeline.ts';
import type { Pipeline } from './pipeline.ts';

const pipeline: Pipeline = {
  ...{ app: 'shop', branch: 'main', server: 'https://lotse.example', first: null },
  stops: [
    { environment: 'test', after: null },
    { environment: 'pages', after: 'test' },
    { environment: 'production', after: 'test' },
  ],
};
const workflow = z.object({ jobs: z.record(z.string(), z.object({ needs: z.string().optional() })) });

test('jobs follow the order of promotion, and environments with the names of something else are deployed all the same', () => {
  const { jobs } = workflow.parse(parse(githubWorkflow(pipeline)));
  const needs = Object.entries(jobs).map(([name, job]) => [name, job.needs ?? null]);
  const wanted = [
    ['deploy-test', null],
    ['deploy-pages', 'deploy-test'],
    ['production', 'deploy-test'],
  ];
  assert.deepEqual(needs, wanted);
  const tested = workflow.parse(
    parse(githubWorkflow({ ...pipeline, first: { kind: 'tests', commands: ['npm ci', 'npm test'] } })),
  );
  assert.equal(tested.jobs['deploy-test']?.needs, 'test');
  const byLotse = githubWorkflow({ ...pipeline, first: { kind: 'lotse' } });
  assert.equal(workflow.parse(parse(byLotse)).jobs['deploy-test']?.needs, 'pipeline');
  assert.match(byLotse, /lotse pipeline run --commit "\$GITHUB_SHA"/);
});

test('a pipeline of GitLab runs for one branch, and no stage has a name that means something else', () => {
  const shape = z.looseObject({ workflow: z.unknown(), stages: z.array(z.string()) });
  const { workflow: when, stages } = shape.parse(parse(gitlabPipeline({ ...pipeline, branch: 'release/1' })));
  assert.deepEqual(when, { rules: [{ if: '$CI_COMMIT_BRANCH == "release/1"' }] });
  assert.deepEqual(stages, ['deploy-test', 'deploy-pages', 'production']);
});
