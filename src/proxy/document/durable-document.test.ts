import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ask, get } from '../fixtures/raw-client.ts';
import { ProxyFolder, untilGone } from '../fixtures/running-proxy.ts';
import { ServedApp } from '../fixtures/served-app.ts';
import { untilTrue } from '../fixtures/until-true.ts';

describe('a document that cannot be written', { timeout: 120_000 }, () => {
  it('is in force, fenced and named as a problem, and is written when that is possible again', async () => {
    const served = await ServedApp.start();
    const { control, folder, port } = served;
    const path = join(folder.path, 'document.json');
    const onDisk = () => JSON.parse(readFileSync(path, 'utf8')).version;
    try {
      // Where the new file is written first there is a folder: no write succeeds.
      mkdirSync(`${path}.new`);
      const { version, problems } = await control.putDocument(served.document({ version: 7 }));
      assert.deepEqual([version, problems.length, onDisk()], [7, 1, 1]);
      assert.match(
        problems[0] ?? '',
        /^not on disk: document 7 of fence 1 is in force, but .*document\.json could not/,
      );
      assert.deepEqual((await control.status()).problems, problems);
      assert.equal((await control.document())?.version, 7);
      assert.equal((await ask(port, get('/'))).body, 'app');
      await assert.rejects(control.putDocument(served.document({ version: 6 })), { code: 'fenced-off' });

      // Whoever takes over has the newer one, and its problem.
      await control.upgrade();
      assert.deepEqual([(await control.document())?.version, onDisk()], [7, 1]);
      await untilTrue('it is named', async () => (await control.status()).problems.length === 1);
      rmdirSync(`${path}.new`);
      await untilTrue('it is written', () => onDisk() === 7);
      assert.deepEqual((await control.status()).problems, []);

      mkdirSync(`${path}.new`);
      await control.putDocument(served.document({ version: 8 }));
      rmdirSync(`${path}.new`);
      const { pid } = await control.status();
      await control.stop(0);
      await untilGone(pid);
      assert.equal(onDisk(), 8);
    } finally {
      rmSync(`${path}.new`, { recursive: true, force: true });
      await served.end();
    }
  });

  it('on a full disk is in force too, also over a hand-over; the proxy neither ends nor forgets', async (t) => {
    const folder = new ProxyFolder();
    if (!folder.becomeSmall('64m')) {
      await folder.end(null);
      return t.skip('only root can mount a small disk');
    }
    const served = await ServedApp.start(1, folder);
    const { control, port } = served;
    const filler = join(folder.path, 'filler');
    try {
      const { pid } = await control.status();
      assert.throws(() => writeFileSync(filler, Buffer.alloc(64 * 1024 * 1024)), { code: 'ENOSPC' });
      const { problems } = await control.putDocument(served.document({ version: 2 }));
      assert.match(problems[0] ?? '', /^not on disk: .* disk-full: .*document\.json could not be written/);
      await control.replaceWorkers();
      const next = await control.upgrade();
      assert.notEqual(next.pid, pid);
      assert.equal((await control.document())?.version, 2);
      assert.equal((await ask(port, get('/'))).body, 'app');
      rmSync(filler);
      await untilTrue('it is written', () =>
        readFileSync(join(folder.path, 'document.json'), 'utf8').includes('"version":2'),
      );
      assert.deepEqual((await control.status()).problems, []);
    } finally {
      await served.end();
    }
  });
});
