import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readComposeApp } from './import-compose.ts';
import { publishedFront } from './published-front.ts';

function front(services: string) {
  const text = `services:\n${services}`;
  const folder = { file: 'compose.yaml', text, otherFiles: [], folderName: 'shop', sources: [] };
  return publishedFront(readComposeApp({ ...folder, readText: () => null, isIgnored: () => false }).app);
}

test('the published port of the one web service is where users come in', () => {
  const found = front(
    '  db: { image: postgres:16, ports: ["5432:5432"] }\n  api: { build: ., ports: ["8080:3000"] }\n',
  );
  assert.deepEqual(found, { service: 'api', line: 3, url: 'http://127.0.0.1:8080' });
});

test('of several the one that is named like a front goes first', () => {
  const found = front('  api: { build: api, ports: ["8081:3000"] }\n  web: { build: web, ports: ["8080:3000"] }\n');
  assert.equal(found?.service, 'web');
});

test('a web server in front is taken where nothing else is published, and its TLS is not', () => {
  const nginx = '  nginx: { image: "nginx:1", ports: ["443:443", "80:80"] }\n';
  assert.equal(front(`${nginx}  app: { build: . }\n`)?.url, 'http://127.0.0.1:80');
  assert.equal(front(`${nginx}  api: { build: ., ports: ["3000:3000"] }\n`)?.url, 'http://127.0.0.1:3000');
  assert.equal(front('  nginx: { image: "nginx:1", ports: ["443:443"] }\n'), null);
});

test('an address that is bound is kept, and everywhere is this machine', () => {
  const at = (ports: string) => front(`  web: { build: ., ports: ["${ports}"] }\n`)?.url;
  assert.equal(at('10.0.0.5:8080:3000'), 'http://10.0.0.5:8080');
  assert.equal(at('0.0.0.0:8080:3000'), 'http://127.0.0.1:8080');
  assert.equal(at('[::1]:8080:3000'), 'http://[::1]:8080');
  assert.equal(at('8080:3000/udp'), undefined);
  assert.equal(at('3000'), undefined);
});
