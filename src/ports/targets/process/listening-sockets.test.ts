import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { listeningSockets, parseSocketLine } from './listening-sockets.ts';

test('a line of the kernel is read: address, port, inode', () => {
  const ipv4 =
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 31337 1 0 100 0 0 10 0';
  assert.deepEqual(parseSocketLine(ipv4), { inode: '31337', host: '127.0.0.1', port: 8080 });
  const ipv6 = `   1: ${'0'.repeat(24)}01000000:0050 ${'0'.repeat(32)}:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7 1 0`;
  assert.deepEqual(parseSocketLine(ipv6), { inode: '7', host: '::1', port: 80 });
  assert.equal(parseSocketLine(ipv4.replace(' 0A ', ' 01 ')), 'other state');
  assert.equal(parseSocketLine('  sl  local_address rem_address   st tx_queue rx_queue'), null);
});

test('sockets of this process are among them', { skip: process.platform !== 'linux' }, async () => {
  for (const host of ['127.0.0.1', '::']) {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : null;
    const found = [...listeningSockets()].find((socket) => socket.port === port);
    assert.equal(found?.host, host);
    server.close();
  }
});
