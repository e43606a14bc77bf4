/** Bytes that an instance sends for a request, and what must become of them. */
export interface AnswerCase {
  readonly name: string;
  /** latin1. */
  readonly bytes: string;
  readonly method: 'GET' | 'HEAD';
  /** The instance closes its side behind the bytes. */
  readonly ends: boolean;
  /**
   * `passes`: the client gets this answer. `refused`: it gets 502. `cut`: it sees that the answer broke off. Whatever
   * comes, the next request gets its own answer.
   */
  readonly becomes:
    { readonly kind: 'passes'; readonly status: number; readonly body: string } | { readonly kind: 'refused' | 'cut' };
}

interface Manner {
  readonly method?: 'GET' | 'HEAD';
  readonly ends?: boolean;
}

const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';

function make(
  name: string,
  bytes: string,
  becomes: AnswerCase['becomes'],
  { method = 'GET', ends = false }: Manner = {},
): AnswerCase {
  return { name, bytes, method, ends, becomes };
}

function passes(
  name: string,
  bytes: string,
  body: string,
  manner: Manner & { readonly status?: number } = {},
): AnswerCase {
  return make(name, bytes, { kind: 'passes', status: manner.status ?? 200, body }, manner);
}

const refused = (name: string, bytes: string, manner: Manner = {}) => make(name, bytes, { kind: 'refused' }, manner);
const cut = (name: string, bytes: string, manner: Manner = {}) => make(name, bytes, { kind: 'cut' }, manner);
const ok = (fields: string, body = '') => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${body}`;
const chunked = (body: string) => ok('Transfer-Encoding: chunked', body);
const status = (line: string) => `${line}\r\nContent-Length: 2\r\n\r\nhi`;

/** Answers as instances may send them: broken, ambiguous, poisoned (RFC 9112 sections 4, 6 and 7). */
export const answerCases: readonly AnswerCase[] = [
  passes('a length', ok('Content-Length: 2', 'hi'), 'hi'),
  passes('a length of zero', ok('Content-Length: 0'), ''),
  passes('a length without a space', ok('Content-Length:2', 'hi'), 'hi'),
  passes('chunks', chunked('2\r\nhi\r\n3;a=b\r\n yo\r\n0\r\n\r\n'), 'hi yo'),
  passes('chunks and a trailer', chunked('2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n'), 'hi'),
  passes('chunks that look like an answer', chunked(`${poison.length.toString(16)}\r\n${poison}\r\n0\r\n\r\n`), poison),
  passes('an end by closing', ok('X: y', 'all of it'), 'all of it', { ends: true }),
  passes('an empty body ended by closing', ok('X: y'), '', { ends: true }),
  passes('HTTP/1.0, ended by closing', 'HTTP/1.0 200 OK\r\n\r\nall of it', 'all of it', { ends: true }),
  passes('HTTP/1.0 with a length', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi', 'hi'),
  passes('Connection: close', ok('Connection: close\r\nContent-Length: 2', 'hi'), 'hi', { ends: true }),
  passes('Connection that names the length', ok('Connection: content-length\r\nContent-Length: 2', 'hi'), 'hi'),
  passes('a status without a reason', status('HTTP/1.1 200 '), 'hi'),
  passes('a status without a reason and space', status('HTTP/1.1 200'), 'hi'),
  passes('a reason beyond ASCII', status('HTTP/1.1 200 sch\xf6n'), 'hi'),
  passes('a status of its own', status('HTTP/1.1 799 Odd'), 'hi', { status: 799 }),
  passes('204', 'HTTP/1.1 204 No Content\r\n\r\n', '', { status: 204 }),
  passes('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '', { status: 304 }),
  passes('HEAD with a length', ok('Content-Length: 5'), '', { method: 'HEAD' }),
  passes('HEAD with chunks', ok('Transfer-Encoding: chunked'), '', { method: 'HEAD' }),
  passes('HEAD without framing', ok('X: y'), '', { method: 'HEAD' }),
  passes('100 unasked', `HTTP/1.1 100 Continue\r\n\r\n${ok('Content-Length: 2', 'hi')}`, 'hi'),
  passes('early hints', `HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${ok('Content-Length: 2', 'hi')}`, 'hi'),
  passes('102 five times', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(5) + ok('Content-Length: 2', 'hi'), 'hi'),
  passes(
    '100 with a length',
    `HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\n${ok('Content-Length: 2', 'hi')}`,
    'hi',
  ),

  passes('more than the length', ok('Content-Length: 1', `x${poison}`), 'x'),
  passes('more than nothing', ok('Content-Length: 0', poison), ''),
  passes('more behind the last chunk', chunked(`1\r\nx\r\n0\r\n\r\n${poison}`), 'x'),
  passes('204 with a body', `HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\n${poison}`, '', { status: 204 }),
  passes('204 with chunks', `HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${poison}`, '', {
    status: 204,
  }),
  passes('304 with a body', `HTTP/1.1 304 Not Modified\r\n\r\n${poison}`, '', { status: 304 }),
  passes('HEAD with a body', ok('Content-Length: 6', poison), '', { method: 'HEAD' }),
  passes('HEAD with a body in chunks', chunked(`5\r\nhello\r\n0\r\n\r\n${poison}`), '', { method: 'HEAD' }),

  refused('a length and chunks', ok('Content-Length: 6\r\nTransfer-Encoding: chunked', '0\r\n\r\nX')),
  refused('chunks and a length', ok('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n')),
  refused('two lengths', ok('Content-Length: 2\r\nContent-Length: 5', `hi${poison}`)),
  refused('the same length twice', ok('Content-Length: 2\r\nContent-Length: 2', 'hi')),
  refused('a list of lengths', ok('Content-Length: 2, 2', 'hi')),
  refused('a length with a plus', ok('Content-Length: +2', 'hi')),
  refused('a negative length', ok('Content-Length: -2', 'hi')),
  refused('a hexadecimal length', ok('Content-Length: 0x2', 'hi')),
  refused('an empty length', ok('Content-Length: ', 'hi')),
  refused('a length with leading zeros', ok('Content-Length: 02', 'hi')),
  refused('a length beyond 2^64', ok('Content-Length: 18446744073709551618', 'hi')),
  refused('gzip, chunked', ok('Transfer-Encoding: gzip, chunked', '0\r\n\r\n')),
  refused('identity', ok('Transfer-Encoding: identity', 'hi')),
  refused('xchunked', ok('Transfer-Encoding: xchunked', '0\r\n\r\n')),
  refused('chunked, chunked', ok('Transfer-Encoding: chunked, chunked', '0\r\n\r\n')),
  refused('chunked after a vertical tab', ok('Transfer-Encoding: \x0bchunked', '0\r\n\r\n')),
  refused('two codings', ok('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n')),
  refused('chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  refused('bare LF everywhere', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nhi', { ends: true }),
  refused('a bare LF after a field', ok('X: y\nContent-Length: 2', 'hi')),
  refused('a bare CR in a value', ok('X: y\rContent-Length: 2', 'hi')),
  refused('a folded field', ok('X: y\r\n z\r\nContent-Length: 2', 'hi')),
  refused('a space before a colon', ok('Content-Length : 2', 'hi')),
  refused('a line without a colon', ok('X\r\nContent-Length: 2', 'hi')),
  refused('an empty name', ok(': y\r\nContent-Length: 2', 'hi')),
  refused('NUL in a value', ok('X: \0\r\nContent-Length: 2', 'hi')),
  refused('NUL in a name', ok('X\0: y\r\nContent-Length: 2', 'hi')),
  refused('DEL in a value', ok('X: \x7f\r\nContent-Length: 2', 'hi')),
  refused('200 fields', ok('X: y\r\n'.repeat(200) + 'Content-Length: 2', 'hi')),
  refused('a head of 70,000 bytes', ok(`X: ${'y'.repeat(70_000)}\r\nContent-Length: 2`, 'hi')),
  refused('a head that never ends', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`),
  refused('no HTTP at all', 'hello\r\n\r\n'),
  refused('no HTTP, ended', 'hello', { ends: true }),
  refused('HTTP/2.0', status('HTTP/2.0 200 OK')),
  refused('HTTP/1.2', status('HTTP/1.2 200 OK')),
  refused('http/1.1', status('http/1.1 200 OK')),
  refused('HTTP/1.10', status('HTTP/1.10 200 OK')),
  refused('two spaces before the status', status('HTTP/1.1  200 OK')),
  refused('a status of two digits', status('HTTP/1.1 20 OK')),
  refused('a status of four digits', status('HTTP/1.1 2000 OK')),
  refused('a status with a letter', status('HTTP/1.1 20x OK')),
  refused('a status with a sign', status('HTTP/1.1 +20 OK')),
  refused('status 099', status('HTTP/1.1 099 OK')),
  refused('NUL in the reason', status('HTTP/1.1 200 O\0K')),
  refused('a bare CR in the reason', status('HTTP/1.1 200 O\rK')),
  refused('a space before the status line', status(' HTTP/1.1 200 OK')),
  refused('an empty line before the status line', status('\r\nHTTP/1.1 200 OK')),
  refused('101 unasked', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
  refused('a request for an answer', 'GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n'),
  refused('nothing, ended', '', { ends: true }),
  refused('half a status line, ended', 'HTTP/1.1 20', { ends: true }),
  refused('half a head, ended', 'HTTP/1.1 200 OK\r\nContent-Le', { ends: true }),
  refused('100 and nothing else', 'HTTP/1.1 100 Continue\r\n\r\n', { ends: true }),
  refused('103 with a body', `HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\n\r\nhi${ok('Content-Length: 2', 'hi')}`),
  refused('103 with broken fields', `HTTP/1.1 103 Early Hints\r\nX : y\r\n\r\n${ok('Content-Length: 2', 'hi')}`),
  refused('a flood of 103', 'HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n'.repeat(2_000)),

  cut('less than the length, ended', ok('Content-Length: 5', 'hi'), { ends: true }),
  cut('chunks without the last one, ended', chunked('2\r\nhi\r\n'), { ends: true }),
  cut('half a chunk, ended', chunked('5\r\nhi'), { ends: true }),
  cut('no end behind the last chunk, ended', chunked('2\r\nhi\r\n0\r\n'), { ends: true }),
  cut('half a trailer, ended', chunked('2\r\nhi\r\n0\r\nX: '), { ends: true }),
  cut('a chunk longer than its size', chunked('1\r\nhi\r\n0\r\n\r\n')),
  cut('a chunk size that is no number', chunked('2\r\nhi\r\ng\r\nhi\r\n0\r\n\r\n')),
  cut('a chunk size with a space', chunked('2 \r\nhi\r\n0\r\n\r\n')),
  cut('a chunk size with a sign', chunked('-2\r\nhi\r\n0\r\n\r\n')),
  cut('a chunk size with 0x', chunked('0x2\r\nhi\r\n0\r\n\r\n')),
  cut('a chunk size beyond 2^64', chunked('10000000000000002\r\nhi\r\n0\r\n\r\n')),
  cut('a chunk size that ends with a bare LF', chunked('2\nhi\n0\n\n')),
  cut('an extension with a bare LF', chunked('2;a\nhi\r\n0\r\n\r\n')),
  cut('a trailer that is a length', chunked('2\r\nhi\r\n0\r\nContent-Length: 9\r\n\r\n')),
  cut('a trailer that is a coding', chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n')),
  cut('a trailer with a bare LF', chunked('0\r\nX: y\n\r\n')),
];
