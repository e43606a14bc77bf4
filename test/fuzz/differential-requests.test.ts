import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Classes } from './classes.ts';
import { framingCases } from './corpus/request-framing.ts';
import { lineCases } from './corpus/request-lines.ts';
import { fuzzLimits } from './fuzz-limits.ts';
import { generateStream } from './generate-stream.ts';
import { NodeServer } from './node-reader.ts';
import type { NodeRequest } from './node-reader.ts';
import { PassageWay } from './passage.ts';
import { RecordingUpstream } from './recording-upstream.ts';
import { readAnswersStrictly } from './strict-answer-reader.ts';
import type { StrictRequest } from './strict-request-reader.ts';

const fuzzed = 4_000;
const lanes = 4;
const firstSeed = 500_000;

/** What the proxy adds or takes away on purpose. */
const ownFields =
  /^(?:host|connection|keep-alive|te|cookie|upgrade|http2-settings|proxy-connection|forwarded|x-forwarded-.*|x-request-id|lotse-.*|content-length|transfer-encoding)$/;

interface OurReading {
  readonly requests: readonly StrictRequest[];
  /** What the proxy says in its refusal; null: it refused nothing. */
  readonly refusal: string | null;
}

async function readWithProxy(way: PassageWay, upstream: RecordingUpstream, text: string): Promise<OurReading> {
  const { received, end } = await way.pass([Buffer.from(text, 'latin1')], { halfCloses: true });
  assert.notEqual(end, 'hung', JSON.stringify(text));
  const { requests, malformed } = upstream.take();
  assert.deepEqual(malformed, [], JSON.stringify(text));
  const last = readAnswersStrictly(
    received,
    requests.map(({ method }) => method),
    true,
  ).messages.at(-1);
  const refusal =
    last === undefined || last.status < 400 ? null : (/refused: (.*?)\./.exec(last.body)?.[1] ?? `${last.status}`);
  return { requests, refusal };
}

/** The same request in the proxy's words: an absolute target is the path, and its host counts. */
function inOurWords({ method, target, fields, body }: NodeRequest): string {
  const [, authority, rest = ''] = /^https?:\/\/([^/?]+)(.*)$/i.exec(target) ?? [];
  const path =
    authority === undefined
      ? target
      : rest === '' && method === 'OPTIONS'
        ? '*'
        : rest.startsWith('/')
          ? rest
          : `/${rest}`;
  const host = authority ?? fields.find(([name]) => name === 'host')?.[1] ?? '';
  return JSON.stringify([method, path, host, endToEnd(fields, fields), body]);
}

function inWords({ method, target, fields, body }: StrictRequest, theirs: NodeRequest | undefined): string {
  const host = fields.find(([name]) => name === 'host')?.[1] ?? '';
  return JSON.stringify([method, target, host, endToEnd(fields, theirs?.fields ?? fields), body]);
}

/** Fields that must arrive as they were sent: all but the proxy's own and those that `sent` names in Connection. */
function endToEnd(fields: NodeRequest['fields'], sent: NodeRequest['fields']): NodeRequest['fields'] {
  const named = sent
    .filter(([name]) => name === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(/[\s,]+/));
  return fields.filter(([name]) => !ownFields.test(name) && (!named.includes(name) || name === 'authorization'));
}

it('a stream of requests that node:http takes as well means the same to it', async (test) => {
  const texts = [...framingCases, ...lineCases].map(({ bytes }) => bytes);
  for (let i = 0; i < fuzzed; i++) texts.push(generateStream(firstSeed + i).text);
  const classes = new Classes();
  let compared = 0;
  const server = await NodeServer.start();
  const run = async () => {
    const upstream = await RecordingUpstream.start();
    const way = await PassageWay.to(upstream.port, fuzzLimits);
    try {
      for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
        const [ours, theirs] = await Promise.all([readWithProxy(way, upstream, text), server.read(text)]);
        const both = Math.min(ours.requests.length, theirs.requests.length);
        const mine = ours.requests.slice(0, both).map((request, i) => inWords(request, theirs.requests[i]));
        assert.deepEqual(mine, theirs.requests.slice(0, both).map(inOurWords), JSON.stringify(text));
        compared += both;
        classify(classes, text, ours, theirs);
      }
    } finally {
      way.stop();
      upstream.stop();
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, run));
  } finally {
    server.stop();
  }
  for (const line of classes.lines().slice(0, 40)) test.diagnostic(line);
  test.diagnostic(`${compared} requests were taken by both, and alike`);
  assert.ok(compared > 1_000, `only ${compared} requests were taken by both`);
});

function classify(
  classes: Classes,
  text: string,
  ours: OurReading,
  theirs: Awaited<ReturnType<NodeServer['read']>>,
): void {
  const more = ours.requests.length - theirs.requests.length;
  if (more > 0) classes.add(`taken by us alone, node: ${theirs.refusal ?? 'answers itself or waits'}`, text);
  else if (more < 0) classes.add(`taken by node alone, we: ${ours.refusal ?? 'wait'}`, text);
  else if (ours.refusal !== null && theirs.refusal === null) classes.add(`refused by us alone: ${ours.refusal}`, text);
  else if (ours.refusal === null && theirs.refusal !== null)
    classes.add(`refused by node alone: ${theirs.refusal}`, text);
}
