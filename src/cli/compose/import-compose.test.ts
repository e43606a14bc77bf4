import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixture, initOf } from './fixtures/compose-world.ts';

const shop = fixture('shop.compose.yaml');
const shopFiles = {
  'shop.env': 'STRIPE_KEY=sk_live_fixture123456\nCURRENCY=EUR # where the shop is\n',
  Dockerfile: 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 3000\nCMD ["node", "server.js"]\n',
  'server.js': 'createServer(f).listen(process.env.PORT ?? 3000)',
};

/** A service `app` that is built here, with more lines of YAML. */
function anApp(lines: string, files: Readonly<Record<string, string>> = {}, ignored: readonly string[] = []) {
  const indented = lines.replaceAll(/^(?=.)/gm, '    ');
  return initOf(`services:\n  app:\n    build: .\n    command: node a.js\n${indented}`, files, ignored);
}

test('a shop becomes services, a job, config, names of secrets and a store', () => {
  const { manifest, proposal } = initOf(shop, shopFiles);
  assert.equal(manifest.app, 'corner-shop');
  assert.deepEqual(Object.keys(manifest.services), ['web', 'worker']);
  const { web, worker } = manifest.services;
  assert.deepEqual(
    [web?.argv, web?.port, web?.ready, web?.drainMs, web?.instances, web?.memoryBytes, web?.cpuCores],
    [['node', 'server.js'], 3000, { kind: 'http', path: '/healthz' }, 45_000, 2, 512 * 1024 ** 2, 0.5],
  );
  assert.deepEqual([worker?.kind, worker?.memoryBytes], ['worker', 1024 ** 3]);
  assert.deepEqual(manifest.jobs.migrate?.argv, ['npm', 'run', 'migrate']);
  assert.equal(manifest.config.LOG_LEVEL?.value, 'info');
  assert.equal(manifest.config.CURRENCY?.value, 'EUR');
  assert.equal(worker?.config.QUEUE?.value, 'mails');
  assert.deepEqual(proposal.secrets, ['STRIPE_KEY', 'DATABASE_URL', 'SESSION_KEY', 'API_TOKEN']);
  assert.deepEqual(Object.keys(manifest.stores), ['uploads']);
  assert.equal(proposal.domain, 'shop.example');
  assert.equal(proposal.takesTurns, false);
});

test('no value of a secret is in the file or in what is said', () => {
  const { proposal, text } = initOf(shop, { ...shopFiles, '.env': 'DB_PASSWORD=s3cr3t-fixture\n' });
  const everything = text + JSON.stringify(proposal);
  for (const value of ['hunter2-fixture', 's3cr3t-fixture', 'sk_live_fixture', '2b7e151628aed2a6', 'tok-fixture']) {
    assert.ok(!everything.includes(value), value);
  }
});

test('what could not be carried over is said with its line, once for an anchor', () => {
  const { notes } = initOf(shop, shopFiles);
  const said = (pattern: RegExp) => notes.filter((note) => pattern.test(note));
  assert.match(said(/build\.args/).join('\n'), /^compose\.yaml:8 web, worker, migrate: [^\n]*$/);
  assert.match(said(/PostgreSQL/).join('\n'), /^compose\.yaml:66 db: .*docker compose up -d db/);
  assert.match(said(/a Redis/).join('\n'), /publish its port on 127\.0\.0\.1/);
  assert.equal(said(/depends_on.*order is not needed/).length, 1);
  assert.match(said(/reverse proxy/).join('\n'), /the proxy of Lotse does this/);
  assert.equal(said(/a worker counts as well while its process runs/).length, 1);
});

test('a host of Compose becomes this machine where its port is published', () => {
  const text = `services:
  app: { build: ., command: node a.js, environment: { CACHE: "redis://cache:6379/1", CACHE_HOST: cache, CACHE_NAME: cache } }
  cache: { image: "valkey/valkey:8", ports: ["127.0.0.1:6400:6379"] }
`;
  const { manifest } = initOf(text);
  assert.equal(manifest.config.CACHE?.value, 'redis://127.0.0.1:6400/1');
  assert.equal(manifest.config.CACHE_HOST?.value, '127.0.0.1');
  assert.equal(manifest.config.CACHE_NAME?.value, 'cache');
});

test('one service finds another by the variable that Lotse gives', () => {
  const text = `services:
  web: { build: ./web, command: node w.js, ports: ["80:3000"], environment: { API_URL: "http://api:4000", BACK: "http://api:4000/v1" } }
  api: { build: ./api, command: node a.js, expose: [4000] }
`;
  const { manifest, notes } = initOf(text);
  assert.deepEqual(
    Object.values(manifest.services).map(({ service, root, path, port }) => [service, root, path, port]),
    [
      ['web', 'web', '/', 3000],
      ['api', 'api', '/api', 4000],
    ],
  );
  assert.deepEqual(manifest.services.web?.config, {
    BACK: { type: 'string', value: null, required: true, description: null },
  });
  assert.ok(notes.some((note) => note.includes('BACK names the service api: read API_URL')));
  assert.ok(notes.some((note) => note.includes('only other services reached it')));
});

test('the code may be mounted into an image of its language', () => {
  const { manifest } = initOf(`services:
  front:
    image: node:24
    working_dir: /src/front
    volumes: [.:/src, cache:/src/front/node_modules]
    command: npm start
    ports: [5173]
`);
  assert.deepEqual([manifest.services.front?.root, manifest.services.front?.port], ['front', 5173]);
  assert.deepEqual(manifest.stores, {});
});

test('a Dockerfile says what the compose file does not', () => {
  const dockerfile = `FROM golang AS build
CMD ["x"]
FROM build AS run
FROM debian
WORKDIR /srv/
EXPOSE 8080
ENTRYPOINT ["/usr/bin/tini", "--", "./server"]
CMD ["--verbose"]`;
  const { manifest } = initOf('services: { app: { build: ./go } }', { 'go/Dockerfile': dockerfile });
  assert.deepEqual(manifest.services.app?.argv, ['./server', '--verbose']);
  assert.equal(manifest.services.app?.port, 8080);
  const other = initOf('services: { app: { build: ./go, command: --quiet } }', { 'go/Dockerfile': dockerfile });
  assert.deepEqual(other.manifest.services.app?.argv, ['./server', '--quiet']);
});

test('a compose file with databases only leaves the rest to what else lies there', () => {
  assert.throws(() => initOf('services: { db: { image: postgres } }'), /has no service that is built from this folder/);
});

test('what git ignores gives names and no values', () => {
  const files = { '.env': 'REGION=eu-fixture\nPORT=3100\n', 'app.env': 'THEME=fixture-dark\n' };
  const lines = `env_file: app.env
ports: ["\${PORT}:\${PORT}"]
environment: { REGION: "\${REGION}", ZONE: "\${ZONE:-a}" }
`;
  const committed = anApp(lines, files);
  assert.equal(committed.manifest.config.REGION?.value, 'eu-fixture');
  const ignored = anApp(lines, files, ['.env', 'app.env']);
  assert.equal(ignored.manifest.services.app?.port, 3100);
  assert.deepEqual(
    Object.entries(ignored.manifest.config).map(([name, { value }]) => [name, value]),
    [
      ['THEME', null],
      ['REGION', null],
      ['ZONE', 'a'],
    ],
  );
  assert.ok(!/fixture/.test(ignored.text));
});

test('an app that listens where another variable says takes turns', () => {
  const { proposal, notes } = anApp('ports: ["8080:8080"]\nenvironment: [SERVER_PORT=8080]\n');
  assert.equal(proposal.takesTurns, true);
  assert.ok(notes.some((note) => note.includes('let it read PORT')));
});

test('a port that stands in the command is fixed, one that the command reads is not', () => {
  const bound = (to: string) =>
    `services: { web: { build: ., command: "gunicorn app -b 0.0.0.0:${to}", ports: ["80:8000"] } }`;
  const told = initOf(bound('8000'));
  assert.equal(told.proposal.takesTurns, true);
  assert.match(told.text, /port: 8000 # its command says it, whatever PORT says/);
  assert.equal(initOf(bound('$$PORT')).proposal.takesTurns, false);
});

test('a program in the folder of the image is one in the folder of the app', () => {
  const dockerfile = 'FROM python:3\nWORKDIR /srv/app\nENTRYPOINT ["/srv/app/start.sh"]\n';
  const files = { 'srv/Dockerfile': dockerfile };
  const { manifest, notes } = initOf('services: { web: { build: srv, command: serve } }', files);
  assert.deepEqual(manifest.services.web?.argv, ['./start.sh', 'serve']);
  const other = initOf('services: { web: { build: srv, entrypoint: /opt/x, command: y } }', files);
  assert.ok(other.notes.some((note) => note.includes('a path inside of its image')));
  assert.ok(!notes.some((note) => note.includes('a path inside of its image')));
});

test('an image that only serves files is said to be one', () => {
  const { notes } = initOf('services: { web: { build: web }, app: { build: ., command: x } }', {
    'web/Dockerfile': 'FROM nginx',
  });
  assert.ok(notes.some((note) => note.includes('a web server with files that its build makes')));
});

test('values of variables come out exactly as they stood', () => {
  const values = { A: '1.10', B: 'true', C: '022', D: '', E: '# no comment', F: 'a\nb', G: '- x', H: '1e3', I: '~' };
  const { manifest } = anApp(`environment: ${JSON.stringify(values)}\n`);
  assert.deepEqual(
    Object.fromEntries(Object.entries(manifest.config).map(([name, { value }]) => [name, value])),
    values,
  );
});

test('names that mean something to Lotse are not taken over', () => {
  const { manifest, notes } = initOf(`services:
  base: { build: ., command: node a.js, ports: [80], environment: { LOTSE_X: 1, BASE_URL: x, a.b: 1, constructor: 1 } }
  lotse: { build: ., command: node b.js, ports: [81] }
  constructor: { build: ., command: node c.js }
  verify: { build: ., command: node d.js }
`);
  assert.deepEqual(Object.keys(manifest.services), ['the-base', 'the-lotse-app', 'constructor-app', 'verify-app']);
  assert.deepEqual(manifest.config, {});
  assert.equal(notes.filter((note) => /not carried over|no name of a variable/.test(note)).length, 4);
});

test('folders that are mounted are data, code or nothing', () => {
  const { manifest, notes } = anApp(
    `volumes:
  - ./data:/app/data
  - ./src:/app/src
  - ./conf/app.toml:/etc/app.toml
  - /srv/media:/media
  - /var/run/docker.sock:/var/run/docker.sock
  - /scratch
  - { type: volume, source: docs, target: /docs }
environment: { DOCS_DIR: /docs, MEDIA_ROOT: /media/all }
`,
    { Dockerfile: 'FROM node:24' },
  );
  assert.deepEqual(Object.keys(manifest.stores), ['data', 'media', 'docs']);
  assert.deepEqual(Object.keys(manifest.config), ['MEDIA_ROOT']);
  assert.ok(notes.some((note) => note.includes('read MEDIA_DIR')));
  assert.ok(notes.some((note) => note.includes('socket of Docker')));
});

test('extends within the file is followed, into another file it is said', () => {
  const { manifest, notes } = initOf(`services:
  common: { build: ., command: node x.js, environment: [A=1, B=1], ports: ["1:1"] }
  one: { extends: common, environment: { B: 2 } }
  two: { build: ., command: node y.js, extends: { file: other.yaml, service: x } }
  app: { extends: { service: app }, build: ., command: node z.js }
`);
  assert.deepEqual(Object.keys(manifest.services), ['common', 'one', 'two', 'app']);
  assert.deepEqual(
    Object.values(manifest.services.one?.config ?? {}).map(({ value }) => value),
    ['1', '2'],
  );
  assert.equal(notes.filter((note) => note.includes('is not followed')).length, 2);
});

test('each of these is said by name', () => {
  const { notes } = anApp(`privileged: true
network_mode: host
stop_signal: SIGINT
brand_new_key: 1
ports: ["3000", "3001", "53:53/udp", "4000-4010:4000-4010"]
deploy: { placement: {}, resources: { reservations: { memory: 1G }, limits: { memory: lots } } }
stop_grace_period: soon
restart: "no"
secrets: [db_password]
`);
  for (const part of [
    '`privileged`',
    '`network_mode`',
    '`stop_signal`',
    '`brand_new_key`: Lotse does not know',
    'port 3001',
    'takes no udp',
    'not a range',
    '`deploy.placement`',
    'not reserved',
    '"lots" is not understood',
    'no duration',
    'starts a service again',
    'DB_PASSWORD',
  ]) {
    assert.ok(
      notes.some((note) => note.includes(part)),
      `${part} in\n${notes.join('\n')}`,
    );
  }
});

test('what is no compose file is refused with file and line', () => {
  const refused = (text: string, pattern: RegExp) => assert.throws(() => initOf(text), pattern);
  refused('services:\n  a: {\n', /^LotseError: compose\.yaml:\d+ this is not valid YAML/);
  refused('services:\n  a: { image: "x:${TAG" }\n', /compose\.yaml:2 a `\$` here/);
  refused('services:\n  a: *nope\n', /compose\.yaml:2 /);
  refused('a: &a [*a]\nservices: 1', /compose\.yaml:1 /);
  refused('- x', /a compose file is a mapping/);
  refused('name: x', /there are no services/);
  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x]',
    ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`),
  ];
  refused(`${bomb.join('\n')}\nservices: {}`, /over 20000 values/);
});
