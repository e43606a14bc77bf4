import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readStream, splitAt } from '../fixtures/request-stream.ts';
import type { ReadRequest } from '../fixtures/request-stream.ts';

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/);
const path = fc.stringMatching(/^\/[a-z0-9/._~%-]{0,20}(\?[a-z0-9=&]{0,10})?$/);
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
const body = fc.string({ unit: 'binary-ascii', maxLength: 60 });

interface Model {
  readonly request: ReadRequest;
  readonly bytes: string;
}

/** A valid request and the bytes that say it, with its body framed in one of three ways. */
const request: fc.Arbitrary<Model> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'QUERY'),
    target: path,
    host: fc.constantFrom('a.test', 'b.test:8080', '127.0.0.1'),
    fields: fc.array(fc.tuple(token, value), { maxLength: 4 }),
    body,
    framing: fc.constantFrom('none', 'length', 'chunks'),
    cut: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ method, target, host, fields, body: payload, framing, cut }) => {
    const others = fields.filter(([name]) => !isSpecial(name)).map(([name, text]) => `${name}: ${text}\r\n`);
    const start = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${others.join('')}`;
    const sent = framing === 'none' ? '' : payload;
    const bytes =
      framing === 'chunks'
        ? `${start}Transfer-Encoding: chunked\r\n\r\n${chunk(sent, cut)}`
        : framing === 'length'
          ? `${start}Content-Length: ${sent.length}\r\n\r\n${sent}`
          : `${start}\r\n`;
    return { request: { method, target, host, body: sent }, bytes };
  });

function isSpecial(name: string): boolean {
  return /^(host|content-length|transfer-encoding|expect|connection|upgrade|te|trailer|keep-alive)$/i.test(name);
}

function chunk(payload: string, size: number): string {
  const chunks = payload.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];
  return `${chunks.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`;
}

const pieces = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 });

/** Places where one octet is put, taken away or exchanged, by the things that smuggling is made of. */
const mutation = fc.record({
  at: fc.nat(),
  cut: fc.integer({ min: 0, max: 2 }),
  put: fc.constantFrom(
    '',
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    ':',
    '0',
    'Z',
    ';',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\x0b',
  ),
});

function mutate(
  stream: string,
  mutations: readonly { readonly at: number; readonly cut: number; readonly put: string }[],
): string {
  let text = stream;
  for (const { at, cut, put } of mutations) {
    const place = at % (text.length + 1);
    text = text.slice(0, place) + put + text.slice(place + cut);
  }
  return text;
}

const mutated = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 3 }), fc.array(mutation, { maxLength: 3 }))
  .map(([models, mutations]) => mutate(models.map((model) => model.bytes).join(''), mutations));

describe('a stream of requests', () => {
  it('is read as it was written, however it is split', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), pieces, (models, lengths) => {
        const stream = Buffer.from(models.map((model) => model.bytes).join(''), 'latin1');
        assert.deepEqual(readStream(splitAt(stream, lengths)), {
          requests: models.map((model) => model.request),
          end: 'complete',
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('with mistakes in it is read or refused alike however it is split', () => {
    fc.assert(
      fc.property(mutated, pieces, (text, lengths) => {
        const stream = Buffer.from(text, 'latin1');
        const whole = readStream([stream]);
        assert.deepEqual(readStream(splitAt(stream, lengths)), whole);
        assert.deepEqual(
          readStream(
            splitAt(
              stream,
              Array.from({ length: stream.length }, () => 1),
            ),
          ),
          whole,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it('never means other requests to us than to node:http in strict mode, where both take it', async () => {
    const reference = await startReference();
    let compared = 0;
    try {
      const streams = fc.sample(mutated, { numRuns: 1500, seed: 20_261_122 });
      await Promise.all(
        Array.from({ length: 8 }, async (_, lane) => {
          for (let i = lane; i < streams.length; i += 8) {
            const text = streams[i] ?? '';
            const ours = readStream([Buffer.from(text, 'latin1')]);
            const theirs = await reference.read(text);
            const both = Math.min(ours.requests.length, theirs.length);
            assert.deepEqual(ours.requests.slice(0, both), theirs.slice(0, both), JSON.stringify(text));
            compared += both;
          }
        }),
      );
    } finally {
      reference.close();
    }
    assert.ok(compared > 500, `only ${compared} requests were taken by both`);
  });
});

/** A node:http server that notes what it reads; it answers at once and closes with the stream. */
async function startReference() {
  const readings = new Map<string, ReadRequest[]>();
  const server = http.createServer({ insecureHTTPParser: false, keepAliveTimeout: 100 });
  const note = (message: http.IncomingMessage, response: http.ServerResponse) => {
    const parts: string[] = [];
    const reading = readings.get(`${message.socket.remotePort}`) ?? [];
    message.setEncoding('latin1').on('data', (text: string) => parts.push(text));
    message.on('end', () => {
      reading.push({
        method: message.method ?? '',
        target: message.url ?? '',
        host: message.headers.host ?? '',
        body: parts.join(''),
      });
      response.end();
    });
  };
  server.on('request', note).on('checkContinue', note).on('checkExpectation', note);
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    async read(text: string): Promise<readonly ReadRequest[]> {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      const key = `${socket.localPort}`;
      const reading: ReadRequest[] = [];
      readings.set(key, reading);
      socket.resume();
      socket.end(Buffer.from(text, 'latin1'));
      await new Promise<void>((resolve) => socket.once('close', () => resolve()));
      readings.delete(key);
      return reading;
    },
    close(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}
