import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest } from './parse-manifest.ts';
import { formatProblem } from './problem.ts';

/** `rest` follows `app: shop` and a web service. */
function problemsOf(rest: string, services = '  web: { port: 3000 }\n'): readonly string[] {
  const text = `app: shop\nservices:\n${services}${rest}`;
  return checkManifest(text, { file: 'f', hasDockerfile: false }).problems.map(formatProblem);
}

function assertOne(problems: readonly string[], start: string, words: RegExp): void {
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.ok(problems[0]?.startsWith(start), `${problems[0]} does not start with ${start}`);
  assert.match(problems[0] ?? '', words);
}

function manifestOf(rest: string, services?: string) {
  assert.deepEqual(problemsOf(rest, services), []);
  const text = `app: shop\nservices:\n${services ?? '  web: { port: 3000 }\n'}${rest}`;
  const { manifest } = checkManifest(text, { file: 'f', hasDockerfile: false });
  assert.ok(manifest);
  return manifest;
}

test('two web services need paths that differ', () => {
  assertOne(
    problemsOf('', '  a: { port: 1 }\n  b: { port: 2 }\n'),
    'f:4:3 services.b:',
    /both get the requests below \//,
  );
  assertOne(
    problemsOf('', '  a: { port: 1, path: /api }\n  b: { port: 2, path: /api/ }\n'),
    'f:4:23 services.b.path:',
    /below \/api/,
  );
  const { services } = manifestOf('', '  a: { port: 1 }\n  b: { port: 2, path: /api/ }\n  c: {}\n');
  assert.deepEqual([services['a']?.path, services['b']?.path, services['c']?.kind], ['/', '/api', 'worker']);
});

test('a path prefix is plain and checked in no time', () => {
  for (const bad of ['api', '//api', '/a//b', '/../a', '/a/..', '/a b', '/a?b', `/${'a'.repeat(50_000)}!`]) {
    assert.match(
      problemsOf('', `  a: { port: 1, path: '${bad}' }\n`)[0] ?? '',
      /path: expected a path that begins with \//,
      bad.slice(0, 9),
    );
  }
  for (const good of ['/', '/a', '/a/', '/a/b-c/d.e', '/..a']) manifestOf('', `  a: { port: 1, path: ${good} }\n`);
});

test('keys of web services are refused for workers, and the other way round', () => {
  assertOne(
    problemsOf('', '  a: { run: x, ready: /up }\n'),
    'f:3:16 services.a.ready:',
    /without `port` this is a worker/,
  );
  assertOne(problemsOf('', '  a: { port: 1, claim: true }\n'), 'f:3:17 services.a.claim:', /only a worker/);
});

test('names are DNS labels of at most 40 characters, and reserved words are refused', () => {
  assert.match(problemsOf('', '  a_b: {}\n')[0] ?? '', /^f:3:3 services\.a_b: expected a name/);
  assert.match(problemsOf('', `  ${'a'.repeat(41)}: {}\n`)[0] ?? '', /at most 40/);
  assert.match(problemsOf('', '  a-: {}\n')[0] ?? '', /expected a name/);
  assertOne(problemsOf('', '  lotse: {}\n'), 'f:3:3 services.lotse:', /other than all, any/);
  manifestOf('', `  ${'a'.repeat(40)}: {}\n`);
});

test('the order of promotion follows after, and dev comes first', () => {
  const { environments } = manifestOf(
    'environments: { production: { after: staging }, qa: {}, staging: { after: qa } }\n',
  );
  assert.deepEqual(
    environments.map((each) => each.environment),
    ['dev', 'qa', 'staging', 'production'],
  );
});

test('after must name another environment, without a circle', () => {
  assertOne(
    problemsOf('environments:\n  staging: {}\n  production: { after: stagin }\n'),
    'f:6:24 environments.production.after:',
    /no environment "stagin"; did you mean "staging"/,
  );
  assertOne(problemsOf('environments:\n  a: { after: a }\n'), 'f:5:15 environments.a.after:', /after itself/);
  assertOne(problemsOf('environments:\n  a: { after: dev }\n'), 'f:5:15', /working tree/);
  assertOne(
    problemsOf('environments:\n  a: { after: c }\n  b: { after: a }\n  c: { after: b }\n'),
    'f:5:15 environments.a.after:',
    /circle: a after c after b after a/,
  );
});

test('dev has no rollouts, and only dev may run another command', () => {
  assertOne(
    problemsOf('environments:\n  dev: { gates: { approval: 1 } }\n'),
    'f:5:10 environments.dev.gates:',
    /no `gates`/,
  );
  assertOne(
    problemsOf('environments:\n  staging: { services: { web: { run: node x } } }\n'),
    'f:5:33 environments.staging.services.web.run:',
    /only `dev`/,
  );
  manifestOf('environments:\n  dev: { services: { web: { run: node --watch x } } }\n');
});

test('an override of a service that is not there names the nearest one', () => {
  assertOne(
    problemsOf('environments:\n  staging: { services: { wbe: { instances: 2 } } }\n'),
    'f:5:26 environments.staging.services.wbe:',
    /no service "wbe"; did you mean "web"/,
  );
});

test('domains are valid and belong to one environment', () => {
  for (const bad of [
    'https://a.example',
    'a.example:80',
    'A.example',
    '"*.a.example"',
    'localhost',
    '10.0.0.1',
    '-a.example',
  ]) {
    assert.match(
      problemsOf(`environments:\n  a: { domains: [${bad}] }\n`)[0] ?? '',
      /^f:5:18 .*expected a domain/,
      bad,
    );
  }
  assertOne(
    problemsOf('environments:\n  a: { domains: [x.example] }\n  b: { domains: [y.example, x.example] }\n'),
    'f:6:29 environments.b.domains[1]:',
    /belongs to a already/,
  );
  assertOne(problemsOf('environments:\n  a: { domains: [x.example, x.example] }\n'), 'f:5:29', /twice/);
});

test('an environment without domains gets a name that leads to this machine', () => {
  const { environments } = manifestOf('environments: { staging: {}, production: {}, live: { domains: a.example } }\n');
  const domains = environments.map((each) => each.domains.join());
  assert.deepEqual(domains, ['dev.shop.localhost', 'staging.shop.localhost', 'shop.localhost', 'a.example']);
});

test('an environment gives values only of declared names, and of their type', () => {
  const config = 'config: { LEVEL: info, FROM: { type: email }, PORTS: { type: integer, default: 1.5 } }\n';
  assert.deepEqual(problemsOf(`${config}environments:\n  a: { config: { LEVL: x, FROM: nobody } }\n`), [
    'f:4:80 config.PORTS.default: expected a whole number; found "1.5"',
    'f:6:18 environments.a.config.LEVL: there is no declared config value "LEVL"; did you mean "LEVEL"?',
    'f:6:33 environments.a.config.FROM: expected a mail address such as hello@shop.example; found "nobody"',
  ]);
  assertOne(
    problemsOf(
      'environments:\n  a: { services: { web: { config: { POOL: many } } } }\n',
      '  web: { config: { POOL: { type: integer } } }\n',
    ),
    'f:5:43 environments.a.services.web.config.POOL:',
    /whole number/,
  );
});

test('an enum is one of its values, as they are written, and JSON is JSON', () => {
  const declared = (more: string) => problemsOf(`config: { MODE: { type: ${more} } }\n`);
  assert.deepEqual(declared('enum, values: [fast, 1.10], default: 1.10'), []);
  assertOne(declared('enum, values: [fast, 1.10], default: 1.1'), 'f:4:', /expected one of fast, 1\.10; found "1\.1"/);
  assertOne(declared('enum'), 'f:4:25 config.MODE.type:', /add `values: \[a, b\]`/);
  assertOne(declared('string, values: [a]'), 'f:4:33 config.MODE.values:', /only an enum has `values`/);
  assert.deepEqual(declared(`json, default: '{"a": [1]}'`), []);
  assertOne(declared('json, default: "{a: 1}"'), 'f:4:', /expected JSON such as/);
});

test('a job rotates a secret that there is, alone, and by its schedule', () => {
  const rotating = (job: string, more = '') =>
    problemsOf(`secrets: [DB_PASSWORD, NEW_TOKEN, TOKEN]\njobs:\n  a: { run: node a.ts, ${job} }\n${more}`);
  const schedule = 'schedule: "0 4 1 * *"';
  assert.deepEqual(rotating(`rotates: DB_PASSWORD, ${schedule}`), []);
  assertOne(rotating('rotates: DB_PASSWORD'), 'f:6:', /add `schedule`/);
  assertOne(rotating(`rotates: DB_PASWORD, ${schedule}`), 'f:6:', /no secret "DB_PASWORD"; did you mean "DB_PASSWORD"/);
  assertOne(rotating(`rotates: TOKEN, ${schedule}`), 'f:6:', /NEW_TOKEN is the name of the new value/);
  const twice = `  b: { run: node b.ts, rotates: DB_PASSWORD, ${schedule} }\n`;
  assertOne(rotating(`rotates: DB_PASSWORD, ${schedule}`, twice), 'f:7:', /the job a rotates DB_PASSWORD already/);
});

test('every variable has one meaning', () => {
  assertOne(
    problemsOf('config: { WEB_URL: x }\n'),
    'f:4:11 config.WEB_URL:',
    /the config and the service web both want/,
  );
  assertOne(problemsOf('config: { LOTSE_X: x }\n'), 'f:4:11 config.LOTSE_X:', /taken/);
  assertOne(problemsOf('config: { PORT: 1 }\n'), 'f:4:11 config.PORT:', /taken/);
  assertOne(problemsOf('', '  base: { port: 1 }\n'), 'f:3:3 services.base:', /BASE_URL, which is taken/);
  assertOne(problemsOf('config: { PICS_DIR: x }\nstores: { pics: { folder: pics } }\n'), 'f:4:11', /the store pics/);
});

test('stores have one kind each and folders that do not overlap', () => {
  assertOne(
    problemsOf('stores: { a: { share: none } }\n'),
    'f:4:11 stores.a:',
    /one of folder, firestore, postgres; found none/,
  );
  assertOne(
    problemsOf('stores: { a: { folder: x }, b: { folder: ./x/y } }\n'),
    'f:4:42 stores.b.folder:',
    /must not overlap/,
  );
  assertOne(problemsOf('stores: { a: { folder: . } }\n'), 'f:4:24', /folder of its own/);
  assert.deepEqual(manifestOf('stores: { my-pics: { folder: ./x/ } }\n').stores['my-pics'], {
    store: 'my-pics',
    kind: 'folder',
    folder: 'x',
    shared: true,
    variable: 'MY_PICS_DIR',
  });
});

test('paths stay inside the app', () => {
  for (const bad of ['/etc', '../x', 'a/../../x', '~/x', 'a\\b', '..']) {
    const problems = problemsOf(`environments: { a: { gates: { checklist: '${bad}' } } }\n`);
    assert.match(problems[0] ?? '', /checklist: expected a path inside/, bad);
  }
});

test('a service and a job may not have the same name, and there is at least one service', () => {
  assertOne(problemsOf('jobs: { web: { run: x } }\n'), 'f:4:9 jobs.web:', /must differ/);
  assertOne(problemsOf('', '  {}\n'), 'f:3:3 services:', /at least one/);
});

test('the timezone must exist, and hours are read in it', () => {
  for (const bad of ['Europe/Berln', '+02:00', '""'])
    assert.match(problemsOf(`timezone: ${bad}\n`)[0] ?? '', /^f:4:11 timezone/, bad);
  const { environments } = manifestOf(
    'timezone: Europe/Berlin\nenvironments: { a: { gates: { hours: [Mon 09:00-12:00, 13:00-14:00] } } }\n',
  );
  assert.deepEqual(environments[1]?.gates.hours, {
    timezone: 'Europe/Berlin',
    windows: [
      { days: [0], fromMinute: 540, toMinute: 720 },
      { days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 780, toMinute: 840 },
    ],
  });
});

test('short forms mean what the long ones say', () => {
  const short = manifestOf('verify: node x\nenvironments: { a: { strategy: rolling, domains: a.example } }\n');
  const long = manifestOf(
    'verify: { run: [node, x] }\nenvironments: { a: { strategy: { name: rolling }, domains: [a.example] } }\n',
  );
  assert.deepEqual(short, long);
});

test('a deadline is longer than nothing', () => {
  assertOne(problemsOf('verify: { run: x, within: 0s }\n'), 'f:4:27 verify.within:', /longer than 0s/);
});

test('${} is refused where nothing could put a value in', () => {
  assertOne(problemsOf('config: { A: "${HOME}" }\n'), 'f:4:14 config.A:', /nothing is put in/);
  assertOne(problemsOf('', '  web: { run: "node ${X}" }\n'), 'f:3:15 services.web.run:', /a variable means nothing/);
  manifestOf('', `  web: { run: "sh -c 'echo \${X}'" }\n`);
});
