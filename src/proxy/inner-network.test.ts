import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RoutedRevision } from '../core/routing-document.ts';
import { document, environment, instance, revision, service } from './fixtures/documents.ts';
import { get } from './fixtures/raw-client.ts';
import { freePorts } from './fixtures/running-proxy.ts';
import { ServedApp } from './fixtures/served-app.ts';

/** What comes back for a request from one address of this machine to another; null: no connection, or it was closed. */
async function answered(localAddress: string, host: string, port: number): Promise<string | null> {
  const socket = net.connect({ host, port, localAddress });
  try {
    await once(socket, 'connect');
    socket.end(get('/', { connection: 'close' }));
    const text = (await socket.setEncoding('utf8').toArray()).join('');
    return text === '' ? null : (text.split('\r\n')[0] ?? null);
  } catch {
    return null;
  } finally {
    socket.destroy();
  }
}

describe('the ports that services use among themselves', { timeout: 180_000 }, () => {
  let served: ServedApp;
  let ports: { readonly internal: number; readonly pinned: number; readonly public: number };

  beforeEach(async () => {
    served = await ServedApp.start();
    const [internal = 0, pinned = 0, ofAll = 0] = await freePorts(3);
    ports = { internal, pinned, public: ofAll };
  });
  afterEach(() => served.end());

  const put = (version: number, more: Partial<RoutedRevision>) => {
    const web = service([instance(served.app.port)], { internalPort: ports.internal });
    const routed = environment([revision('one', [web], { pinnedPort: ports.pinned, ...more })], { port: served.port });
    return served.control.putDocument(document([routed], { version }));
  };
  const both = async (from: string, to: string) => [
    await answered(from, to, ports.internal),
    await answered(from, to, ports.pinned),
  ];
  const ok = 'HTTP/1.1 200 OK';

  it('are on loopback unless the revision has a network of its own', async () => {
    await put(2, {});
    assert.deepEqual(await both('127.0.0.1', '127.0.0.1'), [ok, ok]);
    assert.deepEqual(await both('127.0.0.1', '127.0.7.1'), [null, null]);
  });

  it('are in the network of the revision, for whoever is in it and nobody else', async () => {
    await put(2, { inner: { host: '127.0.7.1', network: '127.0.7.0/24', publicPort: ports.public } });
    assert.deepEqual(await both('127.0.7.9', '127.0.7.1'), [ok, ok]);
    assert.deepEqual(await both('127.0.8.9', '127.0.7.1'), [null, null]);
    assert.deepEqual(await both('127.0.0.1', '127.0.0.1'), [null, null]);
    assert.equal(await answered('127.0.0.1', '127.0.0.1', served.port), ok);
    assert.equal(await answered('127.0.7.9', '127.0.7.1', ports.public), ok);
  });

  it('move with the next document', async () => {
    await put(2, {});
    await put(3, { inner: { host: '127.0.7.1', network: '127.0.7.0/24', publicPort: ports.public } });
    assert.deepEqual(await both('127.0.7.1', '127.0.7.1'), [ok, ok]);
    assert.deepEqual(await both('127.0.0.1', '127.0.0.1'), [null, null]);
  });

  it('are refused where the network is none', async () => {
    await assert.rejects(
      put(2, { inner: { host: 'gateway', network: '127.0.7.0/24', publicPort: null } }),
      /inner\.host should be an IP/,
    );
    await assert.rejects(
      put(2, { inner: { host: '127.0.7.1', network: '127.0.7', publicPort: null } }),
      /inner\.network should be/,
    );
  });
});
