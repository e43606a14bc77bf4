import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as StartProxy from '../../../proxy/start-proxy.ts';
import { findProxy } from '../../../proxy/start-proxy.ts';
import { untilTrue } from '../../../proxy/fixtures/until-true.ts';
import { proxyKeeper } from './proxy-keeper.ts';

const source = join(import.meta.dirname, '..', '..', '..');

/** The same program with another version, in a folder of its own. */
async function otherBuild(folder: string, version: string): Promise<typeof StartProxy> {
  mkdirSync(join(folder, 'src'), { recursive: true });
  for (const part of ['core', 'proxy']) cpSync(join(source, part), join(folder, 'src', part), { recursive: true });
  const about: unknown = JSON.parse(readFileSync(join(source, '..', 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(Object.assign({}, about, { version })));
  return await import(pathToFileURL(join(folder, 'src', 'proxy', 'start-proxy.ts')).href);
}

describe('the keeper of a proxy', { timeout: 120_000 }, () => {
  it('starts one, leaves it alone when it is of its own build, and lets one of another build hand over', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-keeper-'));
    const stateDir = join(folder, 'state');
    const notes: string[] = [];
    try {
      const older = await otherBuild(join(folder, 'older'), '0.0.7');
      await older.startProxy({ stateDir, nodePath: process.execPath });
      const ask = proxyKeeper(stateDir, process.execPath, (note) => notes.push(note));
      const proxy = await ask();
      const before = await proxy.status();
      await untilTrue('it has handed over', () => notes.length > 0);
      const after = await proxy.status();
      assert.notEqual(after.pid, before.pid);
      assert.doesNotMatch(after.build, /^0\.0\.7\+/);
      assert.deepEqual(notes, [
        `the proxy ${before.pid} (${before.build}) has handed over to ${after.pid} (${after.build})`,
      ]);
      assert.match(before.build, /^0\.0\.7\+/);
      await proxyKeeper(stateDir, process.execPath, (note) => notes.push(note))();
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal((await (await ask()).status()).pid, after.pid);
      assert.equal(notes.length, 1);
    } finally {
      await (await findProxy(stateDir))?.stop(0);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('goes on with a proxy that cannot hand over, and says why, once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lotse-keeper-'));
    const stateDir = join(folder, 'state');
    const notes: string[] = [];
    try {
      const older = await otherBuild(join(folder, 'older'), '0.0.7');
      const { pid } = await (await older.startProxy({ stateDir, nodePath: process.execPath })).status();
      const ask = proxyKeeper(stateDir, '/nowhere/node', (note) => notes.push(note));
      await ask();
      await untilTrue('it was tried', () => notes.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      assert.equal((await (await ask()).status()).pid, pid);
      assert.equal(notes.length, 1);
      assert.match(notes[0] ?? '', /goes on, because it could not hand over .*\/nowhere\/node/);
    } finally {
      await (await findProxy(stateDir))?.stop(0);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
