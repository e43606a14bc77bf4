import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'lotse-foreground-'));
after(() => rmSync(folder, { recursive: true }));

const front = join(folder, 'front.mjs');
const program = join(folder, 'program.mjs');
const foregroundUrl = new URL('run-in-foreground.mjs', import.meta.url).href;
writeFileSync(
  front,
  `import { runInForeground } from ${JSON.stringify(foregroundUrl)};
   process.exitCode = await runInForeground(process.execPath, process.argv.slice(2));`,
);
// Says what it hears; ends itself on SIGTERM with code 7, on SIGHUP by the signal.
writeFileSync(
  program,
  `let heard = 0;
   process.on('SIGINT', () => console.log('SIGINT', (heard += 1)));
   process.on('SIGTERM', () => process.exit(7));
   setInterval(() => {}, 1000);
   console.log('pid', process.pid, process.env.LOTSE_LEASH ?? 'no leash in the environment');`,
);

/** Starts the front process in a group of its own, as a shell does. */
function startFront() {
  const child = spawn(process.execPath, [front, program], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const nextLine = async () => (await lines.next()).value;
  const pid = child.pid ?? 0;
  assert.ok(pid > 0);
  return { pid, nextLine, ended, rest: () => Array.fromAsync({ [Symbol.asyncIterator]: () => lines }) };
}

test('a Ctrl-C that arrives from the terminal and from npm reaches the program once, and its exit code comes back', async () => {
  const { pid: frontPid, nextLine, ended, rest } = startFront();
  assert.match((await nextLine()) ?? '', /^pid \d+ no leash in the environment$/);
  process.kill(-frontPid, 'SIGINT'); // what a terminal does: the whole group
  process.kill(frontPid, 'SIGINT'); // what npm adds
  assert.equal(await nextLine(), 'SIGINT 1');
  process.kill(frontPid, 'SIGTERM');
  assert.deepEqual(await rest(), [], 'no second SIGINT before the end');
  assert.deepEqual(await ended, { code: 7, signal: null });
});

test('a second Ctrl-C of a person who grows impatient reaches the program too', async () => {
  const { pid: frontPid, nextLine, ended } = startFront();
  await nextLine();
  process.kill(frontPid, 'SIGINT');
  assert.equal(await nextLine(), 'SIGINT 1');
  await new Promise((resolve) => setTimeout(resolve, 600));
  process.kill(frontPid, 'SIGINT');
  assert.equal(await nextLine(), 'SIGINT 2');
  process.kill(frontPid, 'SIGTERM');
  await ended;
});

test('a program that ends by a signal ends the process in front by the same signal', async () => {
  const { pid: frontPid, nextLine, ended } = startFront();
  await nextLine();
  process.kill(frontPid, 'SIGHUP');
  assert.deepEqual(await ended, { code: null, signal: 'SIGHUP' });
});

test('killing the process in front kills the program', async () => {
  const { pid: frontPid, nextLine, rest } = startFront();
  const pid = Number(((await nextLine()) ?? '').split(' ')[1]);
  process.kill(frontPid, 'SIGKILL');
  const stillThere = setTimeout(() => process.kill(pid, 'SIGTERM'), 5000); // which it would answer, unlike SIGKILL
  const endedMs = performance.now();
  await rest(); // nobody holds the other end of the pipe any more
  clearTimeout(stillThere);
  assert.ok(performance.now() - endedMs < 4500, 'the program ended by itself');
});

test('the leash does not reach programs that the program starts', async () => {
  const parent = join(folder, 'parent.mjs');
  // Inherits the environment and the options of its own start, as `cluster` and `fork` do.
  writeFileSync(
    parent,
    `import { fork } from 'node:child_process';
     if (process.send === undefined) fork(process.argv[1]).on('exit', (code) => process.exit(code === 5 ? 0 : 1));
     else setTimeout(() => process.exit(5), 300);`,
  );
  const child = spawn(process.execPath, [front, parent], { stdio: 'inherit' });
  assert.equal(await new Promise((resolve) => child.once('exit', resolve)), 0);
});

test('the lotse command runs in place on a Node that is new enough', async () => {
  const command = fileURLToPath(new URL('lotse.mjs', import.meta.url));
  const child = spawn(process.execPath, [command, '--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await Array.fromAsync(createInterface({ input: child.stdout }));
  assert.match(line ?? '', /\d+\.\d+\.\d+/);
});
