import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedServices } from './changed-services.ts';
import { isWatchedPath } from './watched-path.ts';

const monorepo = [
  { service: 'web', root: 'apps/web' },
  { service: 'api', root: './apps/api/' },
];

test('a file belongs to the services whose root contains it', () => {
  assert.deepEqual(changedServices(monorepo, 'apps/web/pages/index.js'), ['web']);
  assert.deepEqual(changedServices(monorepo, 'apps/api/server.js'), ['api']);
  assert.deepEqual(changedServices([...monorepo, { service: 'mails', root: '.' }], 'apps/api/server.js'), [
    'api',
    'mails',
  ]);
});

test('a root is a folder, not the beginning of a name', () => {
  assert.deepEqual(changedServices([...monorepo, { service: 'old', root: 'apps/we' }], 'apps/web/a.js'), ['web']);
});

test('a file outside every root may belong to all services, prose to none', () => {
  assert.deepEqual(changedServices(monorepo, 'packages/money/index.js'), ['web', 'api']);
  assert.deepEqual(changedServices(monorepo, 'README.md'), []);
  assert.deepEqual(changedServices(monorepo, 'docs/LICENSE'), []);
  assert.deepEqual(changedServices(monorepo, 'apps/web/page.md'), ['web'], 'a page of a service is no prose about it');
});

test('what programs and tools write is not watched, what people and compilers write is', () => {
  const own = ['.lotse-state', 'uploads'];
  const watched = [
    'server.js',
    '.env',
    'src/a/b.ts',
    'dist/server.js',
    'uploads.js',
    'public/uploads/x.png',
    'data.json',
  ];
  const unwatched = [
    '.git/HEAD',
    '.lotse/dev/x',
    'app/.next/trace',
    'npm-debug.log',
    'db/shop.sqlite-wal',
    '.server.js.swp',
  ];
  assert.deepEqual(
    watched.filter((path) => !isWatchedPath(path, own)),
    [],
  );
  assert.deepEqual(
    unwatched.filter((path) => isWatchedPath(path, own)),
    [],
  );
  assert.deepEqual(
    ['uploads', 'uploads/a/b.png', '.lotse-state/x'].filter((path) => isWatchedPath(path, own)),
    [],
  );
});

test('of node_modules only the end of an installation is seen', () => {
  assert.ok(isWatchedPath('node_modules', []));
  assert.ok(isWatchedPath('apps/web/node_modules/.package-lock.json', []));
  assert.ok(!isWatchedPath('node_modules/express/index.js', []));
  assert.ok(!isWatchedPath('node_modules/express/.package-lock.json', []));
});
