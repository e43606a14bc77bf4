import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ControlPlaneProcess, type ProcessMessage } from './control-plane-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'lotse-process-'));
after(() => rmSync(folder, { recursive: true }));

/** Stands for the control plane: what it says on descriptor 3 is what the body says. */
function start(name: string, body: string, messages: ProcessMessage[] = []): ControlPlaneProcess {
  const program = join(folder, `${name}.mjs`);
  writeFileSync(
    program,
    `import { writeSync } from 'node:fs';\nconst say = (v) => writeSync(3, JSON.stringify(v) + '\\n');\n${body}`,
  );
  return new ControlPlaneProcess({
    args: ['serve'],
    cwd: folder,
    output: { file: join(folder, 'logs', `${name}.log`) },
    onMessage: (message) => void messages.push(message),
    program,
  });
}

test('it says when it is ready, ends when it is told, and what it wrote is in the log', async () => {
  const messages: ProcessMessage[] = [];
  const plane = start(
    'ready',
    `process.on('SIGINT', () => { say({ progress: { text: 'web drains' } }); process.exit(0); });
     console.log('hello log');
     say({ progress: { text: 'opening' } });
     say({ ready: true, server: 'http://127.0.0.1:1', signIn: 'http://127.0.0.1:1/sign-in#x' });
     setInterval(() => {}, 1000);`,
    messages,
  );
  assert.equal((await plane.ready()).server, 'http://127.0.0.1:1');
  plane.kill('SIGINT');
  assert.deepEqual(await plane.ended, { exitCode: 0, signal: null });
  assert.match(readFileSync(join(folder, 'logs', 'ready.log'), 'utf8'), /hello log/);
  assert.deepEqual(
    messages.flatMap((message) => (message.kind === 'progress' ? [message.text] : [])),
    ['opening', 'web drains'],
  );
});

test('what keeps it from starting comes with its code, hint and details', async () => {
  const plane = start(
    'problem',
    `say({ problem: { code: 'port-taken', message: 'Port 7700 is taken', hint: 'Stop it.', details: ['by nginx'] } });
     process.exitCode = 22;`,
  );
  await assert.rejects(plane.ready(), {
    code: 'port-taken',
    message: 'Port 7700 is taken',
    hint: 'Stop it.',
    details: ['by nginx'],
  });
  await plane.ended;
});

test('an end without a word is an error, not a wait', async () => {
  const plane = start('silent', 'process.exit(3);');
  await assert.rejects(plane.ready(), { code: 'internal', message: /exit code 3/ });
});

test('the answer of a command that ends is handed on', async () => {
  const plane = start('result', `say({ result: { ok: true } });`);
  assert.deepEqual(await plane.answer(), { kind: 'result', value: { ok: true } });
  await plane.ended;
});

test('words that are no messages are passed over', async () => {
  const plane = start('noise', `writeSync(3, 'not json\\n[]\\n{"x":1}\\n'); say({ ready: true, server: 'http://x' });`);
  assert.deepEqual(await plane.ready(), { kind: 'ready', server: 'http://x', signIn: null });
  await plane.ended;
});
