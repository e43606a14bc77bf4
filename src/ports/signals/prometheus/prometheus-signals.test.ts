import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { LotseError } from '../../../core/errors.ts';
import { signalsContract } from '../signals.contract.ts';
import { askPrometheus } from './prometheus-signals.ts';

/** Answers instant queries as the published API does: `value:1.5`, `empty`, `wrong`, `hang`, … stand for their answers. */
function answer(query: string, response: ServerResponse): void {
  const [kind = '', value = ''] = query.split(/:(.*)/s);
  const success = (resultType: string, result: unknown) =>
    tell(response, 200, { status: 'success', data: { resultType, result } });
  const sample = (text: string) => ({ metric: {}, value: [1_893_456_000.123, text] });
  switch (kind) {
    case 'value':
      return success('vector', [sample(value)]);
    case 'scalar':
      return success('scalar', [1_893_456_000.123, value]);
    case 'empty':
      return success('vector', []);
    case 'two':
      return success('vector', [sample('1'), sample('2')]);
    case 'matrix':
      return success('matrix', []);
    case 'wrong':
      return tell(response, 400, { status: 'error', errorType: 'bad_data', error: 'parse error: unexpected ")"' });
    case 'busy':
      return tell(response, 503, { status: 'error', errorType: 'unavailable', error: 'too many queries' });
    case 'page':
      return void response.writeHead(Number(value)).end('<html>not found</html>');
    case 'endless':
      return void response.end('x'.repeat(2_000_000));
    case 'half':
      response.write('{"status"');
      return void setTimeout(() => response.destroy(), 20);
  }
}

function tell(response: ServerResponse, status: number, document: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
}

async function startServer() {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    if (pathname.endsWith('/api/v1/query')) answer(searchParams.get('query') ?? '', response);
    else response.writeHead(404).end('404 page not found');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, port, seen, stop };
}

async function serverFor(t: TestContext) {
  const server = await startServer();
  t.after(server.stop);
  const ask = async (query: string, url = server.url) =>
    await askPrometheus({ url, query }, { timeoutMs: 2_000 }, new AbortController().signal);
  return { ...server, ask };
}

const fails = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LotseError, String(error));
  assert.match(error.message, words);
  return error.code === code && error.retriable === (code !== 'bad-input');
};

signalsContract('prometheus', async () => {
  const { url, stop } = await startServer();
  const question = (query: string) => ({ kind: 'prometheus', url, query }) as const;
  return {
    signals: {
      read: async (asked, signal) => {
        assert.equal(asked.kind, 'prometheus');
        return await askPrometheus(asked, { timeoutMs: 1_000 }, signal);
      },
    },
    asks: (value) => question(`value:${value}`),
    asksForNothing: () => question('empty'),
    fails: { question: () => question('wrong'), reason: /unexpected "\)"/ },
    hangs: () => question('hang'),
    [Symbol.asyncDispose]: stop,
  };
});

describe('an instant query', () => {
  it('may give a scalar or one series; NaN and the infinities are no numbers', async (t) => {
    const { ask } = await serverFor(t);
    assert.equal(await ask('scalar:0.25'), 0.25);
    for (const none of ['NaN', '+Inf', '-Inf']) assert.equal(await ask(`value:${none}`), null);
  });

  it('that gives several series or a range is refused, and says what to do', async (t) => {
    const { ask } = await serverFor(t);
    await assert.rejects(ask('two'), fails('bad-input', /2 series.*sum or average/));
    await assert.rejects(ask('matrix'), fails('bad-input', /neither scalar nor vector/));
    await assert.rejects(ask('value:'), fails('bad-input', /without a value/));
  });

  it('that the server cannot answer now may be asked again; pages of something else are named', async (t) => {
    const { ask } = await serverFor(t);
    await assert.rejects(ask('busy'), fails('unreachable', /503: too many queries/));
    await assert.rejects(ask('page:502'), fails('unreachable', /502/));
    await assert.rejects(ask('page:404'), fails('bad-input', /404/));
    await assert.rejects(ask('page:200'), fails('bad-input', /200/));
    await assert.rejects(ask('endless'), fails('bad-input', /far more/));
    await assert.rejects(ask('half'), fails('unreachable', /cannot be asked/));
  });

  it('goes below the path of the address, and its password neither into the address nor into a message', async (t) => {
    const { ask, port, seen } = await serverFor(t);
    const url = `http://ada:se%3Acret@127.0.0.1:${port}/metrics/`;
    assert.equal(await ask('value:1', url), 1);
    assert.equal(seen[0]?.url, '/metrics/api/v1/query?query=value%3A1');
    assert.equal(seen[0]?.headers.authorization, `Basic ${Buffer.from('ada:se:cret').toString('base64')}`);
    await assert.rejects(ask('wrong', url), (error) => error instanceof Error && !/cret/.test(error.message));
  });

  it('needs a server', async (t) => {
    const { ask, stop, url } = await serverFor(t);
    await stop();
    await assert.rejects(ask('value:1', url), fails('unreachable', /ECONNREFUSED/));
    await assert.rejects(ask('value:1', 'ftp://127.0.0.1'), fails('bad-input', /no http/));
    await assert.rejects(ask('value:1', 'metrics'), fails('bad-input', /no http/));
  });
});
