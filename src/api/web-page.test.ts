import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { temporaryServer } from '../../test/harness/temporary-server.ts';

function builtPage(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-page-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'outside.txt'), 'outside');
  writeFileSync(join(folder, 'dist', 'index.html'), '<title>Lotse</title>');
  writeFileSync(join(folder, 'dist', 'assets', 'app-1a2b3c.js'), 'void 0;');
  return join(folder, 'dist');
}

test('the page is served at every address of it, hashed files are kept for ever, the page itself is asked for anew', async (t) => {
  const { ask } = await temporaryServer(t, { webFolder: builtPage(t) });
  const html = { accept: 'text/html,application/xhtml+xml' };
  for (const path of ['/', '/sign-in', '/apps/shop/production']) {
    const answer = await ask(`GET ${path}`, { headers: html });
    assert.deepEqual([answer.status, answer.text], [200, '<title>Lotse</title>'], path);
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/);
    assert.equal(answer.headers['cache-control'], 'no-cache');
    assert.match(String(answer.headers['content-security-policy']), /script-src 'self'/);
  }
  const script = await ask('GET /assets/app-1a2b3c.js');
  assert.equal(script.text, 'void 0;');
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
});

test('a browser that takes compressed scripts gets those that the build has left', async (t) => {
  const folder = builtPage(t);
  writeFileSync(join(folder, 'assets', 'app-1a2b3c.js.gz'), gzipSync('void 0;'));
  const { ask } = await temporaryServer(t, { webFolder: folder });
  const headers = { 'accept-encoding': 'gzip' };
  const script = await ask('GET /assets/app-1a2b3c.js', { headers });
  assert.equal(script.headers['content-encoding'], 'gzip');
  assert.match(script.headers['content-type'] ?? '', /javascript/);
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
  const page = await ask('GET /', { headers: { ...headers, accept: 'text/html' } });
  assert.equal(page.text, '<title>Lotse</title>', 'of which there is no compressed form');
});

test('what is no page of the app is a problem: lost assets, other methods, unknown routes, files outside', async (t) => {
  const { ask } = await temporaryServer(t, { webFolder: builtPage(t) });
  const headers = { accept: 'text/html' };
  assert.equal((await ask('GET /assets/gone.js', { headers })).status, 404);
  assert.equal((await ask('POST /sign-in', { headers })).status, 404);
  assert.equal((await ask('GET /api/v1/nothing', { headers })).status, 401);
  for (const path of ['/../outside.txt', '/%2e%2e/outside.txt', '/assets/..%2f..%2foutside.txt']) {
    assert.doesNotMatch((await ask(`GET ${path}`)).text, /^outside/, path);
  }
});

test('without a built page the answer says how to build it', async (t) => {
  const { ask } = await temporaryServer(t, { webFolder: '/nowhere' });
  const answer = await ask('GET /', { headers: { accept: 'text/html' } });
  assert.equal(answer.status, 404);
  assert.match(answer.text, /npm run build:web/);
});
