import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initOf } from './fixtures/compose-world.ts';

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 3000\nCMD ["node", "server.js"]\n';
const withEntry = dockerfile.replace('CMD', 'ENTRYPOINT ["./start.sh"]\nCMD');

function services(lines: string, files: Readonly<Record<string, string>> = { Dockerfile: dockerfile }) {
  return initOf(`services:\n${lines.replaceAll(/^(?=.)/gm, '  ')}`, files);
}

test('services of one Dockerfile beside lotse.yaml go out as containers of it', () => {
  const { manifest, proposal, text } = services(`web: { build: ., ports: ["80:3000"] }
worker: { build: ., command: node worker.js, entrypoint: [] }
api: { build: { context: . }, command: ["node", "api.js", "--port", "4000"], ports: ["81:4000"], working_dir: /app/api }
migrate: { build: ., command: npm run migrate, restart: "no" }
`);
  assert.equal(manifest.target, 'docker');
  assert.equal(proposal.takesTurns, false);
  const { web, worker, api } = manifest.services;
  assert.deepEqual([web?.argv, web?.port], [[], 3000]);
  assert.deepEqual(worker?.argv, ['node', 'worker.js']);
  assert.deepEqual([api?.argv, api?.port, api?.root], [['node', 'api.js', '--port', '4000'], 4000, 'api']);
  assert.deepEqual(manifest.jobs.migrate?.argv, ['npm', 'run', 'migrate']);
  assert.match(text, /port: 3000 # inside of its container/);
  assert.match(proposal.remarks.join('\n'), /There is a Dockerfile: it goes out as containers/);
});

test('a command is an argument of the ENTRYPOINT, which stays', () => {
  const { manifest } = services(
    `web: { build: ., ports: [3000] }
worker: { build: ., command: work }
migrate: { build: ., restart: "no" }
`,
    { Dockerfile: withEntry },
  );
  assert.deepEqual([manifest.services.web?.argv, manifest.services.worker?.argv], [[], ['work']]);
  assert.deepEqual(manifest.jobs.migrate?.argv, ['node', 'server.js']);
});

test('a service of which nothing is to be said but its name is one all the same', () => {
  const { manifest, text } = services('mailer: { build: . }\n', { Dockerfile: 'FROM mailer\nCMD ["send"]\n' });
  assert.match(text, /^ {2}mailer: \{\}$/m);
  assert.equal(manifest.services.mailer?.kind, 'worker');
});

test('a database that listens on all addresses is reached from containers, one on loopback is not', () => {
  const withDatabase = (port: string) =>
    services(`web: { build: ., ports: [3000], environment: { STORE: "redis://db:6379/1" } }
db: { image: redis, ports: ["${port}"] }
`);
  for (const port of ['6379:6379', '0.0.0.0:6379:6379', '[::]:6379:6379']) {
    const { manifest } = withDatabase(port);
    assert.deepEqual([manifest.target, manifest.config.STORE?.value], ['docker', 'redis://127.0.0.1:6379/1'], port);
  }
  for (const port of ['127.0.0.1:6379:6379', '[::1]:6379:6379', '6379']) {
    const { proposal, manifest } = withDatabase(port);
    assert.equal(manifest.target, 'process', port);
    assert.match(proposal.processBecause ?? '', /web reaches db on 127\.0\.0\.1/);
    assert.deepEqual(manifest.services.web?.argv, ['node', 'server.js']);
  }
});

test('what only a process has, or one image cannot be, keeps all of it processes, and the reason is said', () => {
  const cases: readonly (readonly [lines: string, why: RegExp, files?: Readonly<Record<string, string>>])[] = [
    [
      'web: { build: ., ports: [3000] }\napi: { build: ./api, ports: [4000] }\n',
      /different Dockerfiles \(Dockerfile, api\/Dockerfile\), and one image is for the whole app/,
      { Dockerfile: dockerfile, 'api/Dockerfile': dockerfile },
    ],
    [
      'web: { build: ., ports: [3000] }\napi: { image: "node:24", volumes: [".:/src"], working_dir: /src, command: node a.js }\n',
      /api has no Dockerfile/,
    ],
    [
      'web: { build: { context: ., dockerfile: deploy/Dockerfile }, ports: [3000] }\n',
      /the Dockerfile is deploy\/Dockerfile/,
      { Dockerfile: dockerfile, 'deploy/Dockerfile': dockerfile },
    ],
    [
      'web: { build: { context: ., dockerfile_inline: "FROM node\\nCMD x" }, ports: [3000] }\n',
      /stands in the compose file/,
    ],
    ['web: { build: { context: ., target: dev }, ports: [3000] }\n', /another stage than the last/],
    ['web: { build: ., entrypoint: ./other, ports: [3000] }\n', /`entrypoint` of its own/, { Dockerfile: withEntry }],
    ['web: { build: ., network_mode: host, ports: [3000] }\n', /in the network of the machine/],
  ];
  for (const [lines, why, files] of cases) {
    const { manifest, proposal, text } = services(lines, files);
    assert.equal(manifest.target, 'process', lines);
    assert.match(proposal.processBecause ?? '', why);
    assert.match(text, /^target: process # not as containers: /m);
    assert.match(proposal.remarks.join('\n'), why);
  }
});

test('Dockerfiles in the folders of services are said to be left alone', () => {
  const files = { 'web/Dockerfile': dockerfile, 'api/Dockerfile': dockerfile };
  const { manifest, proposal } = services('web: { build: web, ports: [3000] }\napi: { build: api }\n', files);
  assert.equal(manifest.target, 'process');
  assert.match(proposal.remarks.join('\n'), /Nothing goes out as containers: .*web\/Dockerfile, api\/Dockerfile/);
  assert.equal(services('web: { build: ., command: x }\n', {}).proposal.remarks.join('').includes('containers'), false);
});
