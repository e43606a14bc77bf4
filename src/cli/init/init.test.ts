import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { runLotse } from '../fixtures/run-lotse.ts';

const root = mkdtempSync(join(tmpdir(), 'lotse-init-'));
after(() => rmSync(root, { recursive: true }));
const made = { count: 0 };

function anApp(files: Readonly<Record<string, string | object>>): string {
  made.count += 1;
  const folder = join(root, `app-${made.count}`);
  mkdirSync(folder);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

async function init(files: Readonly<Record<string, string | object>>, ...more: readonly string[]) {
  const folder = anApp(files);
  const result = await runLotse(['init', folder, ...more]);
  assert.equal(result.exitCode, 0, result.stderr);
  const text = readFileSync(join(folder, 'lotse.yaml'), 'utf8');
  const hasDockerfile = 'Dockerfile' in files;
  return { ...result, folder, text, manifest: parseManifest(text, { file: 'lotse.yaml', hasDockerfile }) };
}

test('a Node app with a start script becomes a web service on the port that its code says', async () => {
  const { manifest, text } = await init({
    'package.json': { name: '@acme/My Shop', scripts: { start: 'node server.js' } },
    'package-lock.json': '{}',
    'server.js': "app.get('/healthz', ok); app.listen(process.env.PORT || 8080)",
  });
  assert.equal(manifest.app, 'my-shop');
  assert.deepEqual(manifest.services.web?.argv, ['node', 'server.js']);
  assert.equal(manifest.services.web?.port, 8080);
  assert.match(text, /# ready: \/healthz # seen in server\.js/);
  assert.deepEqual(
    manifest.environments.map((each) => [each.environment, each.strategy.name]),
    [
      ['dev', 'blue-green'],
      ['production', 'blue-green'],
    ],
  );
});

test('an app that ignores PORT gets turns instead of two copies side by side, and is told', async () => {
  const { manifest, stderr } = await init({
    'package.json': { scripts: { start: 'node server.js' } },
    'server.js': 'require("http").createServer(f).listen(4000)',
  });
  assert.equal(manifest.services.web?.port, 4000);
  assert.equal(manifest.environments.at(-1)?.strategy.name, 'recreate');
  assert.match(stderr, /Reading PORT is better/);
});

test('frameworks are known by their usual port', async () => {
  const { manifest } = await init({
    'package.json': { scripts: { start: 'next start' }, dependencies: { next: '15' } },
  });
  assert.deepEqual(manifest.services.web?.argv, ['npm', 'start']);
  assert.equal(manifest.services.web?.port, 3000);
});

test('worker scripts become workers, others do not', async () => {
  const scripts = { start: 'node a.js', 'worker:mails': 'node w.js', 'worker:dev': 'nodemon w.js', test: 'x' };
  const { manifest } = await init({ 'package.json': { scripts }, 'a.js': 'x.listen(process.env.PORT)' });
  assert.deepEqual(
    Object.values(manifest.services).map(({ service, kind }) => [service, kind]),
    [
      ['web', 'web'],
      ['worker-mails', 'worker'],
    ],
  );
});

test('an app that serves nothing is a worker', async () => {
  const { manifest } = await init({
    'package.json': { scripts: { start: 'node poll.js' } },
    'poll.js': 'setInterval(x, 1)',
  });
  assert.equal(manifest.services.worker?.kind, 'worker');
});

test('a Procfile goes before package.json; what needs a shell gets one by name', async () => {
  const { manifest, text } = await init({
    'package.json': { scripts: { start: 'node x.js' } },
    Procfile: 'web: gunicorn app:app -b 0.0.0.0:$PORT\nworker: A=1 python "my worker.py"\nrelease: python migrate.py\n',
  });
  assert.deepEqual(manifest.services.web?.argv, ['sh', '-c', 'exec gunicorn app:app -b 0.0.0.0:$PORT']);
  assert.deepEqual(manifest.services.worker?.argv, ['sh', '-c', 'A=1 exec python "my worker.py"']);
  assert.deepEqual(manifest.jobs.release?.argv, ['python', 'migrate.py']);
  assert.match(text, /lotse run production release/);
  assert.equal(manifest.environments.at(-1)?.strategy.name, 'blue-green');
});

test('an app with a Dockerfile goes out as containers that start what the image says', async () => {
  const { manifest, text, stdout, stderr } = await init({
    Dockerfile:
      'FROM node AS build\nCMD ["x"]\nFROM python:3\nEXPOSE 5000/tcp\nCMD ["python", "-m", "flask", "run now"]\n',
  });
  assert.equal(manifest.target, 'docker');
  assert.doesNotMatch(text, /^target:|^ +run:/m);
  assert.deepEqual(manifest.services.web?.argv, []);
  assert.equal(manifest.services.web?.port, 5000);
  assert.match(stdout, /what its image starts/);
  assert.match(stderr, /takes a Docker engine/);
});

test('a start script that the image starts is left to it; other services run in the same image, on any port', async () => {
  const { manifest } = await init({
    'package.json': { scripts: { start: 'node dist/server.js', worker: 'node dist/worker.js' } },
    'server.js': 'x.listen(4000)',
    Dockerfile: 'FROM node\nWORKDIR /app\nCMD ["node", "/app/dist/server.js"]\n',
  });
  assert.equal(manifest.target, 'docker');
  assert.deepEqual(
    Object.values(manifest.services).map(({ service, port, argv }) => [service, port, argv]),
    [
      ['web', 4000, []],
      ['worker', null, ['npm', 'run', 'worker']],
    ],
  );
  assert.equal(manifest.environments.at(-1)?.strategy.name, 'blue-green');
});

for (const cmd of ['CMD npm start', 'CMD ["next", "start"]', 'ENTRYPOINT ["npm", "run", "start"]']) {
  test(`the start script of package.json is what the image starts with ${cmd}`, async () => {
    const { manifest } = await init({
      'package.json': { scripts: { start: 'next start' }, dependencies: { next: '15' } },
      Dockerfile: `FROM node\n${cmd}\n`,
    });
    assert.deepEqual([manifest.target, manifest.services.web?.argv], ['docker', []]);
  });
}

test('a Dockerfile says more than a file that looks like an entry, and less than EXPOSE does about the port', async () => {
  const { manifest } = await init({
    'package.json': { main: 'poll.js' },
    'poll.js': 'setInterval(x, 1)',
    Dockerfile: 'FROM node\nEXPOSE 8000\nCMD node other.js\n',
  });
  assert.deepEqual([manifest.target, manifest.services.web?.argv, manifest.services.web?.port], ['docker', [], 8000]);
});

const ofProcesses = [
  [
    'starts something else',
    { Dockerfile: 'FROM node\nCMD ["node", "other.js"]\n' },
    /something else \(node other\.js\)/,
  ],
  ['does not say what it starts', { Dockerfile: 'FROM node\nCOPY . .\n' }, /does not say/],
  [
    'has an ENTRYPOINT that would be given the commands of others',
    { Dockerfile: 'FROM node\nENTRYPOINT ["node", "x.js"]\n', Procfile: 'web: node x.js\nworker: node w.js\n' },
    /ENTRYPOINT/,
  ],
  [
    'has an ENTRYPOINT that would be given the commands of jobs',
    { Dockerfile: 'FROM node\nENTRYPOINT ["node", "x.js"]\n', Procfile: 'web: node x.js\nrelease: node m.js\n' },
    /ENTRYPOINT/,
  ],
  [
    'stands beside a compose file whose database is on loopback only',
    {
      Dockerfile: 'FROM node\nCMD ["node", "x.js"]\n',
      'compose.yaml':
        'services: { web: { build: ., ports: ["80:3000"], environment: { DB: "redis://db:6379" } }, db: { image: redis } }\n',
    },
    /web reaches db on 127\.0\.0\.1/,
  ],
] as const;
for (const [what, files, why] of ofProcesses) {
  test(`beside a Dockerfile that ${what}, the target is process, with the reason`, async () => {
    const { manifest, text, stderr } = await init({
      'package.json': { scripts: { start: 'node x.js' } },
      'x.js': 'x.listen(process.env.PORT)',
      ...files,
    });
    assert.equal(manifest.target, 'process');
    assert.deepEqual(manifest.services.web?.argv, ['node', 'x.js']);
    assert.match(text.split('\n').find((line) => line.startsWith('target: process #')) ?? '', why);
    assert.match(stderr, why);
  });
}

test('the members of a workspace that can be started become services with a root', async () => {
  const { manifest } = await init({
    'package.json': { name: 'mono', workspaces: ['apps/*', 'packages/*'], scripts: { start: 'turbo start' } },
    'apps/api/package.json': { name: '@m/api', scripts: { start: 'node i.js' }, dependencies: { fastify: '5' } },
    'apps/web/package.json': { name: '@m/web', scripts: { start: 'next start' }, dependencies: { next: '15' } },
    'packages/lib/package.json': { name: 'lib' },
  });
  assert.deepEqual(
    Object.values(manifest.services).map(({ service, root: where, path }) => [service, where, path]),
    [
      ['api', 'apps/api', '/api'],
      ['web', 'apps/web', '/'],
    ],
  );
});

test('folders that the app writes beside its code become stores, with the variable to read', async () => {
  const { manifest, text } = await init({
    'package.json': { scripts: { start: 'node server.js' } },
    'server.js': "app.listen(process.env.PORT); multer({ dest: 'uploads/' }); new Database('./db/shop.sqlite')",
    '.gitignore': '# data\n/storage/\n*.sqlite\n',
  });
  assert.deepEqual(Object.keys(manifest.stores).toSorted(), ['data', 'db', 'storage', 'uploads']);
  assert.match(text, /read UPLOADS_DIR, else uploads/);
});

test('--staging puts staging before production', async () => {
  const { manifest } = await init({ Procfile: 'web: node x.js' }, '--staging');
  assert.deepEqual(
    manifest.environments.map((each) => [each.environment, each.after]),
    [
      ['dev', null],
      ['staging', null],
      ['production', 'staging'],
    ],
  );
});

test('what is there is never overwritten without --force', async () => {
  const folder = anApp({ Procfile: 'web: node x.js', 'lotse.yaml': 'mine' });
  const refused = await runLotse(['init', folder]);
  assert.equal(refused.exitCode, 6);
  assert.equal(readFileSync(join(folder, 'lotse.yaml'), 'utf8'), 'mine');
  const printed = await runLotse(['init', folder, '--print']);
  assert.match(printed.stdout, /^app: app-\d+$/m);
  assert.equal(readFileSync(join(folder, 'lotse.yaml'), 'utf8'), 'mine');
  assert.equal((await runLotse(['init', folder, '--force'])).exitCode, 0);
});

test('in git the state folder is ignored, once', async () => {
  const folder = anApp({ Procfile: 'web: node x.js', '.gitignore': 'node_modules' });
  execFileSync('git', ['init', '-q', folder]);
  const first = await runLotse(['init', folder]);
  assert.match(first.stdout, /ignores \.lotse\//);
  assert.equal(readFileSync(join(folder, '.gitignore'), 'utf8'), 'node_modules\n.lotse/\n');
  await runLotse(['init', folder, '--force']);
  assert.equal(readFileSync(join(folder, '.gitignore'), 'utf8'), 'node_modules\n.lotse/\n');
});

test('a folder in which nothing says how to start is refused with what would', async () => {
  const folder = anApp({ 'index.html': '<h1>hi</h1>' });
  const { exitCode, stderr } = await runLotse(['init', folder]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /Procfile/);
});
