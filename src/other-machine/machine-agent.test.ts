import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LogChunk } from '../docker-engine/log-frames.ts';
import { MachineAgent } from './machine-agent.ts';
import type { RunningAgent } from './machine-agent.ts';

const program = fileURLToPath(new URL('agent/agent.ts', import.meta.url));
const started: ChildProcess[] = [];
const limits = { timeoutMs: 10_000 };

/** As on another machine, without the machine. */
async function startAgent(argv: readonly string[] = ['--no-warnings', program]): Promise<RunningAgent> {
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  started.push(child);
  return { input: child.stdin, output: outputOf(child.stdout), end: () => child.stdin.destroy() };
}

async function* outputOf(stdout: Readable): AsyncGenerator<LogChunk> {
  for await (const bytes of stdout) yield { stream: 'stdout', bytes };
}

const agent = new MachineAgent({ name: 'there', start: startAgent });
after(() => {
  agent.close();
  for (const child of started) child.kill('SIGKILL');
});

async function listen(onConnection: (socket: Socket) => void, path?: string) {
  const server: Server = createServer({ allowHalfOpen: true }, onConnection);
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { to: { host: '127.0.0.1', port }, [Symbol.dispose]: () => server.close() };
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** `once` would throw what it closes with. */
async function closed(stream: Duplex): Promise<void> {
  await new Promise((resolve) => stream.once('close', resolve));
}

test('what is said is answered, and each direction ends for itself', async () => {
  using server = await listen((socket) => {
    void textOf(socket).then((heard) => socket.end(`heard ${heard}`));
  });
  const connection = await agent.connect(server.to, limits);
  connection.write('one ');
  connection.end('two');
  assert.equal(await textOf(connection), 'heard one two');
  using talker = await listen((socket) => {
    socket.end('bye');
    void textOf(socket).then((heard) => (last = heard));
  });
  let last = '';
  const other = await agent.connect(talker.to, limits);
  assert.equal(await textOf(other), 'bye');
  other.end('still here');
  for (let tries = 0; tries < 1_000 && last === ''; tries++) await pause(10);
  assert.equal(last, 'still here');
});

test('a socket file can be reached too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-agent-'));
  using server = await listen((socket) => socket.pipe(socket), join(folder, 'sock'));
  assert.equal(server.to.port, 0);
  const connection = await agent.connect({ socket: join(folder, 'sock') }, limits);
  connection.end('echo');
  assert.equal(await textOf(connection), 'echo');
  rmSync(folder, { recursive: true });
});

test('who is not there, does not answer, or is not wanted any more, is told apart', async () => {
  const { to } = await listen(() => undefined).then((server) => {
    server[Symbol.dispose]();
    return server;
  });
  await assert.rejects(agent.connect(to, limits), { code: 'unreachable', message: /Nobody answers at .* of there/ });
  await assert.rejects(agent.connect({ socket: '/no/such.sock' }, limits), { code: 'unreachable', message: /ENOENT/ });
  const slow = new MachineAgent({ name: 'slow', start: () => new Promise(() => undefined) });
  await assert.rejects(slow.connect(to, { timeoutMs: 50 }), { code: 'timeout', message: /within 50 ms/ });
  const asked = slow.connect(to, { timeoutMs: 60_000, signal: AbortSignal.timeout(20) });
  await assert.rejects(asked, { code: 'cancelled' });
});

test('many connections at once do not mix, and large amounts arrive whole', async () => {
  using server = await listen((socket) => socket.pipe(socket));
  const sizes = Array.from({ length: 40 }, (_, index) => index * 40_000 + 1);
  await Promise.all(
    sizes.map(async (size, index) => {
      const connection = await agent.connect(server.to, limits);
      const letter = String.fromCharCode(97 + (index % 26));
      connection.end(letter.repeat(size));
      const heard = await textOf(connection);
      assert.equal(heard.length, size);
      assert.equal(heard.replaceAll(letter, ''), '');
    }),
  );
});

test('one whose reader is slow stalls no other, and takes no more memory than its window on either side', async () => {
  let sent = 0;
  using fast = await listen((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024))) sent += 64 * 1024;
    };
    socket.on('drain', more).on('error', () => undefined);
    more();
  });
  using server = await listen((socket) => socket.pipe(socket));
  const stalled: Duplex[] = [];
  for (let count = 0; count < 20; count++) stalled.push(await agent.connect(fast.to, limits));
  await pause(300);
  const [pid] = started.map((child) => child.pid);
  const memory = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  assert.ok(memory < 150_000, `the agent takes ${memory} KB`);
  assert.ok(stalled.every((connection) => connection.readableLength <= 300_000));
  const before = sent;
  const connection = await agent.connect(server.to, limits);
  connection.end('quick');
  assert.equal(await textOf(connection), 'quick');
  // One that is read goes on.
  const [first] = stalled;
  let read = 0;
  first?.on('data', (bytes) => (read += bytes.length));
  for (let tries = 0; tries < 5_000 && read < 5_000_000; tries++) await pause(10);
  assert.ok(read >= 5_000_000 && sent > before);
  for (const each of stalled) each.destroy();
});

test('a connection that breaks there breaks here, and one that is given up here ends there', async () => {
  const sockets: Socket[] = [];
  using server = await listen((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.write('hello');
  });
  const broken = await agent.connect(server.to, limits);
  await once(broken, 'data');
  sockets[0]?.resetAndDestroy();
  await closed(broken);
  assert.equal(broken.errored !== null && 'code' in broken.errored && broken.errored.code, 'ECONNRESET');
  const left = await agent.connect(server.to, limits);
  await once(left, 'data');
  const [, second] = sockets;
  assert.ok(second !== undefined);
  const ended = once(second.resume(), 'end');
  left.destroy();
  await ended;
});

test('after the agent has ended its connections are over, and the next one starts another', async () => {
  using server = await listen((socket) => socket.pipe(socket));
  const connection = await agent.connect(server.to, limits);
  const before = started.length;
  started.at(-1)?.kill('SIGKILL');
  await closed(connection);
  assert.ok(connection.errored !== null && /is lost/.test(connection.errored.message));
  const next = await agent.connect(server.to, limits);
  next.end('again');
  assert.equal(await textOf(next), 'again');
  assert.equal(started.length, before + 1);
});

test('a machine that is not heard any more is given up, and what was open there is over', async () => {
  using server = await listen((socket) => socket.pipe(socket));
  const frozen = new MachineAgent({ name: 'frozen', start: startAgent, pingEveryMs: 50 });
  const connection = await frozen.connect(server.to, limits);
  const child = started.at(-1);
  child?.kill('SIGSTOP');
  await closed(connection);
  assert.match(connection.errored?.message ?? '', /nothing was heard/);
  child?.kill('SIGKILL');
  frozen.close();
});

test('a program that is no agent is told by its words', async () => {
  const words = 'console.log("Segmentation fault"); setTimeout(() => undefined, 100)';
  const strange = new MachineAgent({ name: 'strange', start: () => startAgent(['-e', words]) });
  const asked = strange.connect({ host: '127.0.0.1', port: 1 }, limits);
  await assert.rejects(asked, { code: 'unreachable', message: /Segmentation fault/ });
});

test('the agent ends with whoever has started it', async () => {
  const own = new MachineAgent({ name: 'own', start: startAgent });
  using server = await listen((socket) => socket.pipe(socket));
  await own.connect(server.to, limits);
  const child = started.at(-1);
  assert.ok(child !== undefined);
  const ended = once(child, 'exit');
  own.close();
  await ended;
});
