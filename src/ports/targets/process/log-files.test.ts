import assert from 'node:assert/strict';
import { appendFile, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lastTexts, readLast } from '../slots/read-logs.ts';
import { processLogs, tendLogs } from './log-files.ts';
import { findTools } from './tools.ts';

const limits = { trimAboveBytes: 400_000, keepBytes: 100_000, attempts: 10 };
const label = { service: 'web', revision: 'staging-1', slot: 0, attempt: 1 };

test('a long output is trimmed on the disk while it is held open, and no late line is lost', async (t) => {
  const { fallocate } = await findTools();
  if (fallocate === null) return t.skip('no fallocate on this machine');
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'out.log');
  await using writer = await open(path, 'a'); // As the instance holds it.
  const line = (number: number) => `line ${number} ${'x'.repeat(60)}\n`;
  for (let number = 0; number < 10_000; number++) await writer.write(line(number));
  await tendOnce(folder.path, fallocate);
  const trimmed = await stat(path);
  assert.ok(trimmed.blocks * 512 <= 200_000, `${trimmed.blocks * 512} bytes are on the disk`);
  await writer.write(line(10_000));
  const texts = await lastTexts(processLogs, folder.path, 1200);
  assert.equal(texts.length, 1200);
  assert.equal(texts.at(-1), line(10_000).trimEnd());
  assert.deepEqual(
    texts,
    Array.from({ length: 1200 }, (_, index) => line(8801 + index).trimEnd()),
  );
  const all = await lastTexts(processLogs, folder.path, 100_000);
  assert.ok(all.length < 3000 && all.every((text) => /^line \d+ x+$/.test(text)));
});

test('lines carry the time at which they were seen, and both streams are in the order of time', async () => {
  await using folder = await temporaryFolder();
  await appendFile(join(folder.path, 'out.log'), 'one\n');
  await appendFile(join(folder.path, 'times'), '1000 4 0\n');
  await appendFile(join(folder.path, 'err.log'), 'two\n');
  await appendFile(join(folder.path, 'times'), '2000 4 4\n');
  await appendFile(join(folder.path, 'out.log'), 'three\n');
  await appendFile(join(folder.path, 'times'), '3000 10 4\n');
  const { lines } = await readLast(processLogs, { folder: folder.path, label }, 10);
  assert.deepEqual(
    lines.map(({ at, stream, text }) => [at, stream, text]),
    [
      [1000, 'out', 'one'],
      [2000, 'err', 'two'],
      [3000, 'out', 'three'],
    ],
  );
});

test('what was written last, while a note was made, stays behind what stands before it', async () => {
  await using folder = await temporaryFolder();
  await appendFile(join(folder.path, 'out.log'), 'one\ntwo\n');
  await appendFile(join(folder.path, 'times'), `${Date.now() + 3_600_000} 4 0\n`);
  assert.deepEqual(await lastTexts(processLogs, folder.path, 10), ['one', 'two']);
});

async function tendOnce(folder: string, fallocate: string): Promise<void> {
  await tendLogs(folder, limits, fallocate, () => undefined, AbortSignal.timeout(20));
}

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'lotse-logs-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
