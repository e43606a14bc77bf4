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

test('beside a Dockerfile the target is process, and it is said', async () => {
  const { manifest, stderr } = await init({
    Dockerfile:
      'FROM node AS build\nCMD ["x"]\nFROM python:3\nEXPOSE 5000/tcp\nCMD ["python", "-m", "flask", "run now"]\n',
  });
  assert.equal(manifest.target, 'process');
  assert.deepEqual(manifest.services.web?.argv, ['python', '-m', 'flask', 'run now']);
  assert.equal(manifest.services.web?.port, 5000);
  assert.match(stderr, /docker target is not built yet/);
});

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
