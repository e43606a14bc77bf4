import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultLimits } from '../limits.ts';
import { readResponseHead } from './response-head.ts';

const bad: readonly (readonly [name: string, text: string])[] = [
  ['no HTTP', 'hello\r\n'],
  ['HTTP/2', 'HTTP/2.0 200 OK\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n'],
  ['a status beyond numbers', 'HTTP/1.1 2x0 OK\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n'],
  ['a control character in the reason', 'HTTP/1.1 200 O\x01K\r\n'],
  ['two Content-Lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n'],
  ['a bad Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n'],
  ['Content-Length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
  ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n'],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nX: y\r\n z\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\r\nX: y\nZ: z\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : y\r\n'],
];

describe('an answer head', () => {
  for (const [name, text] of bad)
    it(`with ${name} is refused`, () => assert.notEqual(readResponseHead(text, defaultLimits).problem, null));

  it('loses hop-by-hop fields and what only the proxy may say', () => {
    const head = readResponseHead(
      'HTTP/1.1 200 Fine\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=5, max=9\r\nX-Hop: 1\r\nSet-Cookie: __lotse_v=evil\r\nSet-Cookie: a=b\r\n' +
        'Lotse-Revision: fake\r\nX-Kept: y\r\nContent-Length: 4\r\n',
      defaultLimits,
    );
    assert.equal(head.problem, null);
    assert.deepEqual([head.statusLine, head.kept], ['HTTP/1.1 200 Fine\r\n', 'Set-Cookie: a=b\r\nX-Kept: y\r\n']);
    assert.deepEqual([head.closes, head.keepAliveS, head.contentLength], [true, 5, 4]);
  });

  it('may leave out the reason, but goes on with the space before it', () => {
    for (const line of ['HTTP/1.1 204', 'HTTP/1.1 204 ', 'HTTP/1.0 204', 'HTTP/1.0 204 ']) {
      const head = readResponseHead(`${line}\r\n`, defaultLimits);
      assert.deepEqual([head.problem, head.statusLine], [null, 'HTTP/1.1 204 \r\n']);
    }
  });
});
