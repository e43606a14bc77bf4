import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findEnvironment } from './effective-service.ts';
import { gateWeakenings } from './gate-weakenings.ts';
import { checkManifest, parseManifest } from './parse-manifest.ts';
import { formatProblem } from './problem.ts';

const options = { file: 'f', hasDockerfile: false };
const head = 'app: shop\nservices:\n  web: { port: 3000 }\n';

function problemsOf(jobs: string, more = ''): readonly string[] {
  return checkManifest(`${head}pipeline:\n${more}  jobs:\n${jobs}`, options).problems.map(formatProblem);
}

function assertOne(problems: readonly string[], start: string, words: RegExp): void {
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.ok(problems[0]?.startsWith(start), `${problems[0]} does not start with ${start}`);
  assert.match(problems[0] ?? '', words);
}

test('a job has its defaults, one command or several, and what it needs', () => {
  const text = `${head}pipeline:\n  concurrency: { newer: cancels }\n  jobs:\n    test: { run: npm test }\n    scan:\n      run: [npm ci, [node, scan.ts, 'a b']]\n      needs: test\n      cache: { paths: [node_modules/], key: package-lock.json }\n      reports: { sarif: out/scan.sarif }\n      secrets: [TOKEN]\n      within: 5m\n`;
  const { pipeline, environments } = parseManifest(
    `${text}environments: { production: { gates: { scans: { fail_on: high } } } }\n`,
    options,
  );
  const [first, second] = pipeline?.jobs ?? [];
  assert.deepEqual(first?.commands, [['npm', 'test']]);
  assert.deepEqual([first?.withinMs, first?.needs, first?.cache, first?.root], [3_600_000, [], null, '.']);
  assert.deepEqual(second?.commands, [
    ['npm', 'ci'],
    ['node', 'scan.ts', 'a b'],
  ]);
  assert.deepEqual([second?.needs, second?.withinMs, second?.secrets], [['test'], 300_000, ['TOKEN']]);
  assert.deepEqual(second?.cache, { paths: ['node_modules'], key: ['package-lock.json'] });
  assert.deepEqual(second?.reports, { junit: [], sarif: ['out/scan.sarif'] });
  assert.deepEqual(pipeline?.concurrency, { group: 'branch', newer: 'cancels' });
  const production = environments.find(({ environment }) => environment === 'production');
  assert.deepEqual([production?.gates.pipeline, production?.gates.scans], [['test', 'scan'], 'high']);
});

test('what a job needs is there, and the order does not go round in a circle', () => {
  assertOne(
    problemsOf('    test: { run: x }\n    scan: { run: x, needs: [tset] }\n'),
    'f:7:28 pipeline.jobs.scan.needs:',
    /did you mean "test"/,
  );
  assertOne(
    problemsOf('    a: { run: x, needs: [b] }\n    b: { run: x, needs: [c] }\n    c: { run: x, needs: [b] }\n'),
    'f:7:25 pipeline.jobs.b.needs:',
    /in a circle: b needs c needs b/,
  );
  assertOne(problemsOf('    a: { run: x, needs: a }\n'), 'f:6:25 pipeline.jobs.a.needs:', /a needs a/);
});

test('what a shell would act on, a folder outside, and names that clash are refused with their place', () => {
  assertOne(
    problemsOf('    a: { run: [x, "x | y"] }\n'),
    'f:6:19 pipeline.jobs.a.run[1]:',
    /a pipe means nothing without a shell/,
  );
  assertOne(problemsOf('    a: { run: x, artifacts: ../b }\n'), 'f:6:29 pipeline.jobs.a.artifacts', /inside the app/);
  assertOne(
    problemsOf('    a: { run: x, artifacts: . }\n'),
    'f:6:29 pipeline.jobs.a.artifacts:',
    /what is in the folder/,
  );
  assertOne(problemsOf('    a: { run: x, within: 0s }\n'), 'f:6:26 pipeline.jobs.a.within:', /longer than 0s/);
  assertOne(problemsOf('    a: { run: x, secrets: [T], config: { T: x } }\n'), 'f:6:28 ', /both want the variable T/);
  assertOne(problemsOf('    a: { run: x, image: node }\n'), 'f:6:18 `pipeline.jobs.a.image` is part', /not built yet/);
  assertOne(problemsOf('    a: { run: x }\n', '  concurrency: { newer: kills }\n'), 'f:5:25 ', /cancels or waits/);
});

test('an order without circles is accepted, and one with a circle is refused', () => {
  const graph = fc.array(fc.array(fc.nat(7), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
  const property = fc.property(graph, fc.boolean(), (needs, isOrdered) => {
    const wanted = needs.map((each, index) =>
      [...new Set(each.map((one) => (isOrdered ? one % (index || 1) : one % needs.length)))].filter(
        () => !isOrdered || index > 0,
      ),
    );
    const lines = wanted.map(
      (each, index) => `    j${index}: { run: x, needs: [${each.map((one) => `j${one}`).join(', ')}] }\n`,
    );
    // A list that is there has an entry at least.
    const text = lines.join('').replaceAll(', needs: []', '');
    const problems = problemsOf(text);
    assert.equal(problems.length > 0, hasCircle(wanted), `${text}${problems.join('\n')}`);
    assert.ok(
      problems.every((problem) => problem.includes('in a circle')),
      problems.join('\n'),
    );
  });
  fc.assert(property, { numRuns: 200 });
});

/** By taking away what nothing is needed by, until nothing is left to take. */
function hasCircle(needs: readonly (readonly number[])[]): boolean {
  const left = new Set(needs.keys());
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const job of left) if ((needs[job] ?? []).every((need) => !left.has(need))) left.delete(job);
  }
  return left.size > 0;
}

test('a job that is gone and scans that may find more weaken their gates', () => {
  const definition = (jobs: string, gates: string) =>
    findEnvironment(
      parseManifest(`${head}${jobs}environments: { production: { gates: { ${gates} } } }\n`, options),
      'production',
    );
  const strict = definition('pipeline: { jobs: { test: { run: x }, scan: { run: x } } }\n', 'scans: { fail_on: high }');
  const said = (after: typeof strict) =>
    gateWeakenings(strict, after).map(({ gate, from, to }) => `${gate}: ${from} -> ${to}`);
  assert.deepEqual(said(definition('', '')), ['scans: high -> none', 'pipeline: test, scan -> none']);
  assert.deepEqual(said(definition('pipeline: { jobs: { test: { run: y } } }\n', 'scans: { fail_on: critical }')), [
    'scans: high -> critical',
    'pipeline: test, scan -> test',
  ]);
  const more = 'pipeline: { jobs: { test: { run: y }, scan: { run: x }, more: { run: x } } }\n';
  assert.deepEqual(said(definition(more, 'scans: { fail_on: low }')), []);
});
