import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { test } from 'node:test';
import { revisionHeader } from '../../../core/routing-document.ts';
import { lacksOpenssl, makeCertificate } from '../../../proxy/fixtures/test-certificates.ts';
import { askOnce } from './live-probe.ts';
import type { ProbeTls } from './probe-transport.ts';

const reached = { isReached: true, revision: 'production-7', problem: null };

test(
  'a probe by TLS believes what a visitor would, or what the proxy was told to show',
  { skip: lacksOpenssl },
  async () => {
    const shown = makeCertificate('shop.localhost');
    const other = makeCertificate('shop.localhost');
    const names: (string | false)[] = [];
    const server = createServer({ cert: shown.chainPem, key: shown.keyPem }, (request, response) => {
      names.push(request.headers.host ?? '');
      response.setHeader(revisionHeader, 'production-7 web 0');
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const ask = async (tls: ProbeTls, host = 'shop.localhost') => {
      const target = { ...{ host, port, path: '/', address: '127.0.0.1', tls }, trustedProxies: [], probeKey: '00' };
      return await askOnce(target, { bucket: null, nowMs: Date.now() }, new AbortController().signal);
    };
    try {
      assert.deepEqual(await ask({ kind: 'verified', extraRoots: [shown.chainPem] }), reached);
      assert.deepEqual(names, [`shop.localhost:${port}`]);
      const unknown = await ask({ kind: 'verified', extraRoots: [] });
      assert.equal(unknown.isReached, false);
      assert.match(unknown.problem ?? '', /self-signed certificate/);
      assert.match(
        (await ask({ kind: 'verified', extraRoots: [shown.chainPem] }, 'b.localhost')).problem ?? '',
        /altnames/,
      );
      assert.deepEqual(await ask({ kind: 'known', certificates: [other.chainPem, shown.chainPem] }), reached);
      const stranger = await ask({ kind: 'known', certificates: [other.chainPem] });
      assert.equal(stranger.isReached, false);
      assert.match(stranger.problem ?? '', /a certificate that the proxy was not told to show/);
    } finally {
      server.close();
    }
  },
);
