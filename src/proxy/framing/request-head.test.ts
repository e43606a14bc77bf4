import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultLimits } from '../limits.ts';
import { HeadCollector } from './head-collector.ts';
import { readRequestHead } from './request-head.ts';

/** Status with which a stream's first request is refused; 200 when it is taken, 0 when more bytes are needed. */
function verdict(stream: string): number {
  const collector = new HeadCollector(defaultLimits.headBytes);
  collector.push(Buffer.from(stream, 'latin1'));
  const text = collector.take();
  if (text === null) return 0;
  if (typeof text !== 'string') return text.status;
  return readRequestHead(text, defaultLimits, false).refusal?.status ?? 200;
}

const host = 'Host: a\r\n';
const cases: readonly (readonly [name: string, status: number, stream: string])[] = [
  ['a plain request', 200, `GET / HTTP/1.1\r\n${host}\r\n`],
  ['an empty line before the request', 200, `\r\nGET / HTTP/1.1\r\n${host}\r\n`],
  ['HTTP/1.0 without Host', 200, 'GET / HTTP/1.0\r\n\r\n'],
  ['obs-text in a value', 200, `GET / HTTP/1.1\r\n${host}X: caf\xe9\r\n\r\n`],
  ['an empty value', 200, `GET / HTTP/1.1\r\n${host}X:\r\n\r\n`],
  ['tabs around a value', 200, `GET / HTTP/1.1\r\n${host}X:\t y \t\r\n\r\n`],
  ['OPTIONS *', 200, `OPTIONS * HTTP/1.1\r\n${host}\r\n`],
  [
    'Content-Length and Transfer-Encoding',
    400,
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  [
    'Transfer-Encoding and Content-Length',
    400,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n`,
  ],
  ['two equal Content-Lengths', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`],
  ['two Content-Lengths', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`],
  ['a list of Content-Lengths', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\n`],
  ['a signed Content-Length', 400, `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\n`],
  ['a negative Content-Length', 400, `POST / HTTP/1.1\r\n${host}Content-Length: -5\r\n\r\n`],
  ['a hexadecimal Content-Length', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\n`],
  ['an empty Content-Length', 400, `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`],
  ['a Content-Length with a space', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 5 5\r\n\r\n`],
  ['a Content-Length beyond counting', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 99999999999999999999\r\n\r\n`],
  ['a Content-Length that reads as octal', 400, `POST / HTTP/1.1\r\n${host}Content-Length: 010\r\n\r\n`],
  [
    'Transfer-Encoding twice',
    400,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  ['Transfer-Encoding: chunked, chunked', 400, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, chunked\r\n\r\n`],
  ['Transfer-Encoding: identity', 400, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`],
  ['Transfer-Encoding: xchunked', 400, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`],
  [
    'Transfer-Encoding: chunked with a vertical tab',
    400,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \x0bchunked\r\n\r\n`,
  ],
  ['Transfer-Encoding: "chunked"', 400, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: "chunked"\r\n\r\n`],
  ['Transfer-Encoding: gzip, chunked', 501, `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`],
  ['Transfer-Encoding in HTTP/1.0', 400, `POST / HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n`],
  ['a space before the colon', 400, `GET / HTTP/1.1\r\n${host}X : y\r\n\r\n`],
  [
    'a space before the colon of Transfer-Encoding',
    400,
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n`,
  ],
  ['a folded line', 400, `GET / HTTP/1.1\r\n${host}X: y\r\n z\r\n\r\n`],
  ['a folded first line', 400, `GET / HTTP/1.1\r\n X: y\r\n${host}\r\n`],
  ['bare LF at the end of a line', 400, `GET / HTTP/1.1\nHost: a\r\n\r\n`],
  ['bare LF everywhere', 400, 'GET / HTTP/1.1\nHost: a\n\n'],
  ['bare LF at the end of the head', 400, `GET / HTTP/1.1\r\n${host}\n`],
  ['a bare CR in a value', 400, `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`],
  ['CR CR LF', 400, `GET / HTTP/1.1\r\n${host}X: a\r\r\n\r\n`],
  ['NUL in a value', 400, `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
  ['NUL in a name', 400, `GET / HTTP/1.1\r\n${host}X\0: b\r\n\r\n`],
  ['DEL in a value', 400, `GET / HTTP/1.1\r\n${host}X: \x7f\r\n\r\n`],
  ['obs-text in a name', 400, `GET / HTTP/1.1\r\n${host}X\xe9: b\r\n\r\n`],
  ['a field without a colon', 400, `GET / HTTP/1.1\r\n${host}X\r\n\r\n`],
  ['a field without a name', 400, `GET / HTTP/1.1\r\n${host}: x\r\n\r\n`],
  ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, `GET / HTTP/1.1\r\n${host}${host}\r\n`],
  ['a Host with a slash', 400, 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with user information', 400, 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['a Host with a space', 400, 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['two spaces in the request line', 400, `GET  / HTTP/1.1\r\n${host}\r\n`],
  ['a tab in the request line', 400, `GET\t/ HTTP/1.1\r\n${host}\r\n`],
  ['a space behind the version', 400, `GET / HTTP/1.1 \r\n${host}\r\n`],
  ['no version', 400, `GET /\r\n${host}\r\n`],
  ['a version in lower case', 400, `GET / http/1.1\r\n${host}\r\n`],
  ['HTTP/1.2', 505, `GET / HTTP/1.2\r\n${host}\r\n`],
  ['HTTP/2.0', 505, `GET / HTTP/2.0\r\n${host}\r\n`],
  ['HTTP/0.9', 400, 'GET /\r\n\r\n'],
  ['an illegal method', 400, `GE(T / HTTP/1.1\r\n${host}\r\n`],
  ['a space before the method', 400, ` GET / HTTP/1.1\r\n${host}\r\n`],
  ['a control character in the target', 400, `GET /\x01 HTTP/1.1\r\n${host}\r\n`],
  ['a high octet in the target', 400, `GET /\xe9 HTTP/1.1\r\n${host}\r\n`],
  ['a fragment in the target', 400, `GET /#x HTTP/1.1\r\n${host}\r\n`],
  ['a target without a slash', 400, `GET x HTTP/1.1\r\n${host}\r\n`],
  ['GET *', 400, `GET * HTTP/1.1\r\n${host}\r\n`],
  ['CONNECT', 501, `CONNECT a:443 HTTP/1.1\r\n${host}\r\n`],
  ['an absolute target with user information', 400, `GET http://u@b/ HTTP/1.1\r\n${host}\r\n`],
  ['an unknown expectation', 417, `GET / HTTP/1.1\r\n${host}Expect: 200-maybe\r\n\r\n`],
  ['a target of 17 KB', 414, `GET /${'a'.repeat(17_000)} HTTP/1.1\r\n${host}\r\n`],
  ['a head of 33 KB', 431, `GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(33_000)}\r\n\r\n`],
  ['33 KB of head without an end', 431, `GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(33_000)}`],
  ['33 KB of request line without an end', 414, `GET /${'a'.repeat(33_000)}`],
  ['200 fields', 431, `GET / HTTP/1.1\r\n${host}${'X: y\r\n'.repeat(200)}\r\n`],
  ['half a head', 0, `GET / HTTP/1.1\r\n${host}`],
];

describe('a request head', () => {
  for (const [name, status, stream] of cases) {
    it(`with ${name}: ${status === 200 ? 'is taken' : status === 0 ? 'waits' : `is refused with ${status}`}`, () =>
      assert.equal(verdict(stream), status));
  }

  it('loses hop-by-hop fields, whatever Connection names, and everything of ours', () => {
    const text =
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Hop: 1\r\nProxy-Connection: x\r\n' +
      'Lotse-Probe: p\r\nlotse-bucket: 7\r\nLOTSE-x: y\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Anything: z\r\nForwarded: for=x\r\n' +
      'HTTP2-Settings: s\r\nUpgrade: h2c\r\nX-Kept: yes\r\ntraceparent: 00-a-b-01\r\n';
    const head = readRequestHead(text, defaultLimits, false);
    assert.equal(head.kept, 'Host: a\r\nX-Kept: yes\r\ntraceparent: 00-a-b-01\r\n');
    assert.deepEqual([head.closes, head.probe, head.bucket, head.upgrade], [true, 'p', '', '']);
  });

  it('keeps a bucket and forwarding fields from a service of ours', () => {
    const text =
      'GET / HTTP/1.1\r\nHost: a\r\nlotse-bucket: 7\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n';
    const head = readRequestHead(text, defaultLimits, true);
    assert.deepEqual(
      [head.bucket, head.forwardedFor, head.forwardedProto, head.kept],
      ['7', '1.2.3.4', 'https', 'Host: a\r\n'],
    );
  });

  it('cannot make the proxy drop Host or framing through Connection', () => {
    const head = readRequestHead(
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: host, content-length\r\n',
      defaultLimits,
      false,
    );
    assert.equal(head.kept, 'Host: a\r\nContent-Length: 3\r\n');
  });

  it('gives our cookies to us and all others to the app', () => {
    const head = readRequestHead(
      'GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1; __lotse_v=someone; b=2; __lotse_x=y\r\n',
      defaultLimits,
      false,
    );
    assert.deepEqual([head.visitor, head.kept], ['someone', 'Host: a\r\ncookie: a=1; b=2\r\n']);
  });

  it('goes on with exactly one Host, also when it came with none or an empty one', () => {
    const kept = (text: string) => readRequestHead(text, defaultLimits, false).kept;
    assert.equal(kept('GET / HTTP/1.0\r\n'), 'host: \r\n');
    assert.equal(kept('GET / HTTP/1.1\r\nHost:\r\n'), 'Host:\r\n');
    assert.equal(kept('GET http://b.test/ HTTP/1.0\r\n'), 'host: b.test\r\n');
  });

  it('goes on with its framing written plainly', () => {
    const kept = (field: string) =>
      readRequestHead(`POST / HTTP/1.1\r\nHost: a\r\n${field}\r\nX: y\r\n`, defaultLimits, false).kept;
    for (const field of ['Transfer-Encoding:chunked', 'Transfer-Encoding: \tCHUNKED', 'Transfer-Encoding: chunked '])
      assert.equal(kept(field), 'Host: a\r\nX: y\r\ntransfer-encoding: chunked\r\n');
    for (const field of ['Content-Length:7', 'Content-Length:\t7', 'Content-Length: 7\t'])
      assert.equal(kept(field), 'Host: a\r\nX: y\r\ncontent-length: 7\r\n');
  });

  it('asks about the server itself when an absolute target of OPTIONS has no path', () => {
    const target = (line: string) => readRequestHead(`${line} HTTP/1.1\r\nHost: a\r\n`, defaultLimits, false).target;
    assert.equal(target('OPTIONS http://b.test'), '*');
    assert.equal(target('OPTIONS http://b.test?x'), '/?x');
    assert.equal(target('GET http://b.test'), '/');
  });

  it('of exactly the allowed size is taken, and a line that is too long gets 414, however the bytes come', () => {
    const statusOf = (stream: string, size: number) => {
      const collector = new HeadCollector(100);
      for (let at = 0; at < stream.length; at += size) {
        collector.push(Buffer.from(stream.slice(at, at + size), 'latin1'));
        const head = collector.take();
        if (head !== null) return typeof head === 'string' ? 200 : head.status;
      }
      return 0;
    };
    const start = 'GET / HTTP/1.1\r\nX: ';
    for (const size of [1, 7, 1000]) {
      assert.equal(statusOf(`${start}${'y'.repeat(100 - start.length)}\r\n\r\n`, size), 200);
      assert.equal(statusOf(`${start}${'y'.repeat(101 - start.length)}\r\n\r\n`, size), 431);
      assert.equal(statusOf(`GET /${'y'.repeat(100)} HTTP/1.1\r\nX: y\r\n\r\n`, size), 414);
    }
  });

  it('takes the host of an absolute target', () => {
    const head = readRequestHead('GET http://b.test:80/x?y HTTP/1.1\r\nHost: a\r\n', defaultLimits, false);
    assert.deepEqual([head.host, head.target, head.kept], ['b.test:80', '/x?y', 'host: b.test:80\r\n']);
  });

  it('offers a WebSocket upgrade but no h2c, and none beside a body', () => {
    const read = (fields: string) =>
      readRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${fields}`, defaultLimits, false).upgrade;
    assert.equal(read('Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n'), 'websocket');
    assert.equal(read('Upgrade: websocket\r\n'), '');
    assert.equal(read('Connection: Upgrade\r\nUpgrade: h2c\r\n'), '');
    assert.equal(read('Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n'), '');
    assert.equal(read('Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 4\r\n'), '');
  });
});
