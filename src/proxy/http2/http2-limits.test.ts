import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { environment, instance, revision, service } from '../fixtures/documents.ts';
import { PlainApp } from '../fixtures/plain-app.ts';
import { block, endHeaders, endStream, frame, frameTypes, plainFields, RawHttp2 } from '../fixtures/raw-http2.ts';
import { answerOf, SecureProxy } from '../fixtures/secure-proxy.ts';
import { lacksOpenssl, makeCertificate } from '../fixtures/test-certificates.ts';

describe('an HTTP/2 client', { skip: lacksOpenssl }, () => {
  let app: PlainApp;
  let proxy: SecureProxy;

  before(async () => {
    app = await PlainApp.start(() => null);
    proxy = await SecureProxy.start({ http2Streams: 3, http2StreamWindowBytes: 70_000 });
    proxy.apply([environment([revision('one', [service([instance(app.port)])])])], [makeCertificate('shop.test')]);
  });
  after(async () => {
    proxy.stop();
    await app.stop();
  });

  it('may have so many streams open at once, and not one more', async () => {
    const session = await proxy.session('shop.test');
    if (session.remoteSettings.maxConcurrentStreams !== 3) await once(session, 'remoteSettings');
    assert.equal(session.remoteSettings.maxConcurrentStreams, 3);
    // One that does not care is refused.
    const client = new RawHttp2(await proxy.connect('shop.test', { ALPNProtocols: ['h2'] }));
    for (const stream of [1, 3, 5, 7])
      client.send(frame(frameTypes.headers, endHeaders | endStream, stream, block(plainFields())));
    assert.match(await client.outcome(7), /reset 7|goaway|closed/i);
    client.socket.destroy();
    session.destroy();
  });

  it('may send so much of a body before it is read', async () => {
    const session = await proxy.session('shop.test');
    if (session.remoteSettings.initialWindowSize !== 70_000) await once(session, 'remoteSettings');
    assert.equal(session.remoteSettings.initialWindowSize, 70_000);
    app.handler = ({ body }) => `HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n${String(body.length).padStart(6, '0')}`;
    const stream = session.request({ ':method': 'POST', ':path': '/', 'content-length': 300_000 });
    stream.end(Buffer.alloc(300_000, 'b'));
    assert.equal((await answerOf(stream)).body, '300000');
    session.destroy();
  });
});
