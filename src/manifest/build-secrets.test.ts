import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest, parseManifest } from './parse-manifest.ts';
import { formatProblem } from './problem.ts';

const options = { file: 'lotse.yaml', hasDockerfile: true };
const app = 'app: shop\nservices: { web: { port: 3000 } }\n';

function problemsOf(rest: string): readonly string[] {
  return checkManifest(`${app}${rest}\n`, options).problems.map(formatProblem);
}

test('secrets of the build and logins at registries are read, and neither is there when none is written', () => {
  const written = 'build: { secrets: [NPM_TOKEN], registries: { ghcr.io: { user: ada, password: GHCR_TOKEN } } }';
  const { build } = parseManifest(`${app}${written}\n`, options);
  assert.deepEqual(build.secrets, ['NPM_TOKEN']);
  assert.deepEqual(build.registries, { 'ghcr.io': { user: 'ada', password: 'GHCR_TOKEN' } });
  const bare = parseManifest(app, options).build;
  assert.ok(!('secrets' in bare) && !('registries' in bare));
});

test('no environment may be called build, and the line says why', () => {
  const [problem = '', ...more] = problemsOf('environments:\n  production: {}\n  build: {}');
  assert.match(problem, /:5:3\b.*place of the secrets that builds are given/s);
  assert.deepEqual(more, []);
});

test('a secret of the build that cannot be one is refused', () => {
  for (const [written, words] of [
    ['{ secrets: [LOTSE_TOKEN] }', /LOTSE_TOKEN cannot be a secret/],
    ['{ secrets: [A_TOKEN, A_TOKEN] }', /named twice/],
    ['{ secrets: [A_TOKEN], config: { A_TOKEN: x } }', /both want the variable A_TOKEN/],
    ['{ registries: { ghcr.io: { user: ada, password: PORT } } }', /PORT cannot be a secret/],
    ['{ registries: { ghcr.io: { user: ada } } }', /password/],
    ['{ registries: { https://ghcr.io: { user: ada, password: T } } }', /a registry such as ghcr\.io/],
  ] as const) {
    const problems = problemsOf(`build: ${written}`);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', words);
  }
});
