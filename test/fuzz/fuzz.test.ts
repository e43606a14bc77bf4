import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { checkParser } from './check-parser.ts';
import { fuzzParser, fuzzWholePath } from './fuzz.ts';
import type { FuzzReport } from './fuzz.ts';
import { generateStream } from './generate-stream.ts';
import { shrink } from './shrink.ts';

const seed = 1;

function assertClean({ failure }: FuzzReport): void {
  assert.equal(
    failure,
    null,
    failure === null ? '' : `${failure.problem}\nAgain: npm run fuzz -- --replay ${failure.seed}\n${failure.smallest}`,
  );
}

describe('fuzzed requests', () => {
  it('are read alike however they are split, never ambiguously passed on, and leave nothing behind', async (test) => {
    setFlagsFromString('--expose-gc');
    const report = await fuzzParser({ seed, requests: 220_000 }, runInNewContext('gc'));
    assertClean(report);
    test.diagnostic(`${report.requests} requests in ${report.streams} streams: ${JSON.stringify(report.ends)}`);
    const part = (end: string) => (report.ends[end] ?? 0) / report.streams;
    for (const end of ['complete', 'refused', 'waiting', 'complete, as meant'])
      assert.ok(part(end) > 0.03, `hardly a stream is ${end}: ${part(end)}`);
    const [early, late] = report.heldBytes ?? [0, 0];
    assert.ok(late < early + 2_000_000, `${late - early} bytes more are held`);
  });

  it('arrive at the instance as they are read, and each answer is that of its request', async (test) => {
    const report = await fuzzWholePath({ seed, requests: 5_000 });
    assertClean(report);
    test.diagnostic(`${report.requests} requests in ${report.streams} streams`);
  });

  it('are the same for the same seed', () => {
    for (let own = 0; own < 50; own++) assert.deepEqual(generateStream(own), generateStream(own));
  });

  it('that the parser never gets done with are named, and the run ends', async () => {
    const watchdog = new URL('watchdog.ts', import.meta.url).href;
    const program = `import { Watchdog } from '${watchdog}'; new Watchdog(1).note(77); setTimeout(() => { for (;;); }, 300);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [, signal]: unknown[] = await once(child, 'close');
    assert.equal(signal, 'SIGKILL');
    assert.match(said, /from --replay 77 on/);
  });

  it('that are wrong are told from right ones, and made small', async () => {
    const sound = Array.from({ length: 100 }, (_, own) => generateStream(own)).find(({ isSound }) => isSound);
    assert.ok(sound !== undefined);
    assert.equal(checkParser(sound).problem, null);
    assert.match(checkParser({ ...sound, meant: [] }).problem ?? '', /sound stream/);
    assert.match(checkParser({ ...sound, pieces: sound.pieces.slice(1) }).problem ?? '', /in pieces/);
    assert.equal(await shrink(`${'a'.repeat(500)}X${'b'.repeat(400)}Y`, (text) => /X.*Y/.test(text)), 'XY');
  });
});
