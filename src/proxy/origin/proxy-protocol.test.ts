import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { proxyHeader } from '../fixtures/proxy-header.ts';
import { readProxyHeader } from './proxy-protocol.ts';

const client = (address: string, isSecure = false) => ({ address, isSecure });

describe('a PROXY protocol header', () => {
  it('names the client, whatever follows', () => {
    const old = proxyHeader({ address: '192.0.2.7' });
    assert.deepEqual(readProxyHeader(old), { length: 28, client: client('192.0.2.7') });
    assert.deepEqual(readProxyHeader(Buffer.concat([old, Buffer.from('GET /')])), {
      length: 28,
      client: client('192.0.2.7'),
    });
    const now = proxyHeader({ address: '2001:db8:0:0:0:0:0:1' });
    assert.deepEqual(readProxyHeader(now), { length: 52, client: client('2001:db8::1') });
    const mapped = proxyHeader({ address: '0:0:0:0:0:ffff:c000:207' });
    assert.deepEqual(readProxyHeader(mapped), { length: 52, client: client('192.0.2.7') });
  });

  it('names nobody when the proxy speaks for itself or does not know', () => {
    assert.deepEqual(readProxyHeader(proxyHeader({ command: 0x20, address: '192.0.2.7' })), {
      length: 28,
      client: null,
    });
    assert.deepEqual(readProxyHeader(proxyHeader({ family: 0x00, address: '192.0.2.7' })), {
      length: 28,
      client: null,
    });
    assert.deepEqual(readProxyHeader(proxyHeader({ family: 0x00 })), { length: 16, client: null });
    assert.deepEqual(readProxyHeader(proxyHeader({ family: 0x31, rest: Buffer.alloc(216) })), {
      length: 232,
      client: null,
    });
  });

  it('may have extensions: the one about TLS is read, the others are skipped', () => {
    const alpn = Buffer.from([0x01, 0, 2, 0x68, 0x32]);
    const tls = Buffer.from([0x20, 0, 5, 0x01, 0, 0, 0, 0]);
    const plain = Buffer.from([0x20, 0, 5, 0x00, 0, 0, 0, 0]);
    const read = (...rest: readonly Buffer[]) =>
      readProxyHeader(proxyHeader({ address: '192.0.2.7', rest: Buffer.concat(rest) }));
    assert.deepEqual(read(alpn, tls), { length: 41, client: client('192.0.2.7', true) });
    assert.deepEqual(read(plain, alpn), { length: 41, client: client('192.0.2.7') });
    // An extension that says it is longer than the header.
    assert.deepEqual(read(Buffer.from([0x01, 0xff, 0xff])), { length: 31, client: client('192.0.2.7') });
  });

  it('is waited for until its last byte', () => {
    const whole = proxyHeader({ address: '2001:db8:0:0:0:0:0:1', rest: Buffer.from([0x04, 0, 1, 0]) });
    for (let length = 0; length < whole.length; length++)
      assert.equal(readProxyHeader(whole.subarray(0, length)), null, `${length}`);
  });

  it('that can never be one is refused at the first wrong byte', () => {
    const good = proxyHeader({ address: '192.0.2.7' });
    for (let at = 0; at < 12; at++) {
      const bad = Buffer.from(good.subarray(0, at + 1));
      bad[at] = (bad[at] ?? 0) ^ 0xff;
      assert.equal(readProxyHeader(bad), 'bad', `${at}`);
    }
    assert.equal(readProxyHeader(Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'bad');
    assert.equal(readProxyHeader(Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n')), 'bad');
  });

  it('of another version, command, family or with too little or too much in it is refused', () => {
    const bad: readonly Parameters<typeof proxyHeader>[0][] = [
      { command: 0x11, address: '192.0.2.7' },
      { command: 0x22, address: '192.0.2.7' },
      { family: 0x12, address: '192.0.2.7' },
      { family: 0x41, address: '192.0.2.7' },
      { family: 0x11 },
      { family: 0x21, address: '192.0.2.7' },
      { address: '192.0.2.7', rest: Buffer.alloc(4096) },
    ];
    for (const header of bad) assert.equal(readProxyHeader(proxyHeader(header)), 'bad', JSON.stringify(header));
  });
});
