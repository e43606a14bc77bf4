import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const readNpm = new URL('./read-npm.ts', import.meta.url).href;

/** What is read where these are the first programs on the way. */
async function readBehind(programs: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'lotse-read-npm-'));
  try {
    for (const [name, text] of Object.entries(programs)) {
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), 0o755);
    }
    const script = `const { readNpm } = await import('${readNpm}'); console.log(JSON.stringify(await readNpm()));`;
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env, encoding: 'utf8' });
    return JSON.parse(said.replaceAll(folder, 'FOLDER'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('npm is asked by the node beside it, whose configuration for the whole machine counts', async () => {
  const node =
    '#!/bin/sh\n[ "$1" = "$(dirname "$0")/npm" ] && echo \'{"cafile":"/own.pem","registry":"","color":true}\'\n';
  assert.deepEqual(await readBehind({ npm: '#!/bin/sh\nexit 1\n', node }), {
    pathFolders: ['FOLDER'],
    npmEnvironment: { npm_config_cafile: '/own.pem' },
  });
});

test('one without a node beside it is asked itself, and one that fails is none', async () => {
  const { npmEnvironment } = await readBehind({ npm: '#!/bin/sh\necho \'{"strict-ssl":true}\'\n' });
  assert.deepEqual(npmEnvironment, { npm_config_strict_ssl: 'true' });
  assert.deepEqual(await readBehind({ npm: '#!/bin/sh\nexit 1\n' }), { pathFolders: [], npmEnvironment: {} });
});
