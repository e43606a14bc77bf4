import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReport } from './wrk.ts';

const report = (more: string) => `Running 2s test @ http://127.0.0.1:9000/1k
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.55ms    1.21ms  45.41ms   94.55%
    Req/Sec    25.93k     1.21k   27.57k    85.00%
  Latency Distribution
     50%  937.00us
     75%    2.66ms
     90%    3.18ms
     99%    1.02s
  51654 requests in 2.00s, 57.08MB read
${more}Requests/sec:  25801.50
Transfer/sec:     28.51MB
`;

test('what wrk prints is read with its units', () => {
  const { answered, perSecond, p50Ms, p99Ms, errors } = readReport(report(''));
  assert.deepEqual([answered, perSecond, p50Ms, p99Ms, errors], [51_654, 25_801.5, 0.937, 1_020, null]);
});

test('broken connections and other answers than good ones are errors', () => {
  const more = '  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 17\n';
  const { errors } = readReport(report(more));
  assert.equal(errors, 'Socket errors: connect 0, read 3, write 0, timeout 1; Non-2xx or 3xx responses: 17');
});

test('text of something else is refused', () => {
  assert.throws(() => readReport('unable to connect to 127.0.0.1:1 Connection refused'), /something else/);
});
