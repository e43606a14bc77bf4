import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ProxyControl } from './control-client.ts';
import { untilTrue } from './fixtures/until-true.ts';

describe('a control whose connections are kept', { timeout: 180_000 }, () => {
  let folder: string;
  let control: ProxyControl;
  let servers: net.Server[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'control-'));
    control = new ProxyControl(folder, { keepsConnections: true });
    servers = [];
  });
  afterEach(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Answers each call with its connection's number, or not at all when `hears` says no. */
  async function numbered(hears: (connection: number, call: number) => boolean): Promise<net.Socket[]> {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => {
      const number = sockets.push(socket);
      let calls = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (!hears(number, ++calls)) return void socket.destroy();
        const body = `${number}`;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(join(folder, 'control.sock'), resolve));
    return sockets;
  }

  it('makes call after call on one connection, and calls at once on several, of which two stay', async () => {
    const sockets = await numbered(() => true);
    const one = [await control.metrics(), await control.metrics(), await control.metrics()];
    assert.deepEqual(one, ['1', '1', '1']);
    const several = await Promise.all([control.metrics(), control.metrics(), control.metrics()]);
    assert.deepEqual(several.toSorted(), ['1', '2', '3']);
    await untilTrue('the third is closed', () => sockets.filter(({ destroyed }) => !destroyed).length === 2);
    for (const socket of sockets) socket.destroy();
  });

  it('makes a call again that a connection has taken with it', async () => {
    const sockets = await numbered((connection, call) => connection > 1 || call === 1);
    assert.deepEqual([await control.metrics(), await control.metrics(), await control.metrics()], ['1', '2', '2']);
    assert.equal(sockets.length, 2);
    for (const socket of sockets) socket.destroy();
  });

  it('never asks twice for what ends a proxy', async () => {
    const sockets = await numbered((connection) => connection === 1);
    await control.metrics();
    await assert.rejects(control.stop(0), { code: 'unreachable' });
    assert.equal(sockets.length, 2);
    for (const socket of sockets) socket.destroy();
  });

  it('keeps nobody from ending', async () => {
    const sockets = await numbered(() => true);
    const client = new URL('control-client.ts', import.meta.url).href;
    const text = `import { ProxyControl } from ${JSON.stringify(client)};
      console.log(await new ProxyControl(${JSON.stringify(folder)}, { keepsConnections: true }).metrics());`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
    await untilTrue('it has the answer', () => said === '1\n');
    const saidMs = performance.now();
    await closed;
    assert.ok(performance.now() - saidMs < 4_000, 'it waited until the connection had rested enough');
    for (const socket of sockets) socket.destroy();
  });
});
