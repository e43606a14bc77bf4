import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Random } from '../simulation/random.ts';
import { Classes } from './classes.ts';
import { answerCases } from './corpus/answer-cases.ts';
import { mutateOnce } from './mutate.ts';
import { askWithNode } from './node-reader.ts';
import type { NodeAnswer } from './node-reader.ts';
import { PassageWay } from './passage.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';
import { readAnswersStrictly } from './strict-answer-reader.ts';

const fuzzed = 2_500;
const lanes = 4;

interface Said {
  readonly method: string;
  readonly bytes: string;
}

const sound = answerCases.filter(({ becomes }) => becomes.kind === 'passes');

function damaged(seed: number): Said {
  const random = new Random(seed);
  const cases = random.chance(0.8) ? sound : answerCases;
  const { method, bytes } = cases[random.between(0, cases.length - 1)] ?? { method: 'GET', bytes: '' };
  return { method, bytes: bytes.length > 5_000 ? bytes : mutateOnce(bytes, random) };
}

/** The client's view through the proxy, in the same form. */
async function askThroughProxy(way: PassageWay, { method, bytes }: Said): Promise<NodeAnswer> {
  const request = `${method} /case HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n`;
  const { received, end } = await way.pass([Buffer.from(request)]);
  assert.notEqual(end, 'hung', JSON.stringify(bytes));
  const { messages, malformed, end: how } = readAnswersStrictly(received, [method], false);
  // The damage in a body goes on up to the damaged octet, and there the connection is cut.
  if (malformed !== null) {
    assert.match(malformed, /^(?:chunk|trailer)/, JSON.stringify([bytes, received]));
    return { kind: 'refused', code: 'cut' };
  }
  const final = messages.filter(({ status }) => status >= 200);
  assert.ok(final.length <= 1, `two answers to one request: ${JSON.stringify([bytes, received])}`);
  const [answer] = final;
  if (answer === undefined || how === 'cut') return { kind: 'refused', code: 'cut' };
  const isOwn = answer.fields.some(([name, value]) => name === 'content-type' && value === 'application/problem+json');
  if (answer.status === 502 && isOwn)
    return { kind: 'refused', code: /not valid HTTP: (.*?)\./.exec(answer.body)?.[1] ?? '502' };
  return { kind: 'read', status: answer.status, body: answer.body };
}

it('an answer that the client of node:http takes as well means the same to it', async (test) => {
  const said: Said[] = [...answerCases];
  for (let seed = 0; seed < fuzzed; seed++) said.push(damaged(seed));
  const classes = new Classes();
  let compared = 0;
  const run = async () => {
    const upstream = await ScriptedUpstream.start();
    const way = await PassageWay.to(upstream.port);
    try {
      for (let next = said.pop(); next !== undefined; next = said.pop()) {
        const script = { pieces: [Buffer.from(next.bytes, 'latin1')], ends: true };
        void upstream.prepare(script);
        const ours = await askThroughProxy(way, next);
        const theirs = await askWithNode(upstream.port, next.method, '/case');
        if (ours.kind === 'read' && theirs.kind === 'read') {
          compared++;
          assert.deepEqual(ours, theirs, JSON.stringify(next));
        } else if (ours.kind === 'read')
          classes.add(`taken by us alone, node: ${theirs.kind === 'refused' ? theirs.code : ''}`, next.bytes);
        else if (theirs.kind === 'read') classes.add(`taken by node alone, we: ${ours.code}`, next.bytes);
      }
    } finally {
      way.stop();
      upstream.stop();
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  for (const line of classes.lines().slice(0, 40)) test.diagnostic(line);
  test.diagnostic(`${compared} answers were taken by both, and alike`);
  assert.ok(compared > 400, `only ${compared} answers were taken by both`);
});
