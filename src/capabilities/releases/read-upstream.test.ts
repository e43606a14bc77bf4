import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUpstream } from './read-upstream.ts';

test('an IP address with its port is one address', () => {
  assert.deepEqual(readUpstream('http://127.0.0.1:3000'), [{ host: '127.0.0.1', port: 3000 }]);
  assert.deepEqual(readUpstream('http://10.0.0.5/'), [{ host: '10.0.0.5', port: 80 }]);
  assert.deepEqual(readUpstream('http://[::1]:3000'), [{ host: '::1', port: 3000 }]);
});

test('localhost is both of this machine’s own addresses, and everywhere is one of them', () => {
  const both = [
    { host: '127.0.0.1', port: 3000 },
    { host: '::1', port: 3000 },
  ];
  assert.deepEqual(readUpstream('http://localhost:3000'), both);
  assert.deepEqual(readUpstream('http://0.0.0.0:3000'), [both[0]]);
});

for (const [written, why] of [
  ['https://127.0.0.1:3000', /behind TLS/],
  ['127.0.0.1:3000', /not the address of an HTTP server/],
  ['localhost:3000', /not the address of an HTTP server/],
  ['ftp://127.0.0.1', /not the address of an HTTP server/],
  ['http://127.0.0.1:3000/shop', /has a path/],
  ['http://127.0.0.1:3000/?a', /has a path/],
  ['http://ann:secret@127.0.0.1:3000', /has credentials/],
  ['http://app.internal:3000', /has a name/],
] as const) {
  test(`${written} is refused, with what would do`, () => {
    assert.throws(() => readUpstream(written), { code: 'bad-input', message: why, hint: /http:\/\/127\.0\.0\.1:3000/ });
  });
}
