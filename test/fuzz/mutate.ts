import type { Random } from '../simulation/random.ts';
import { framingCases } from './corpus/request-framing.ts';
import { lineCases } from './corpus/request-lines.ts';

const corpus = [...framingCases, ...lineCases].map(({ bytes }) => bytes).filter(({ length }) => length < 400);

/** What misunderstandings are made of. */
const dictionary = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\n\r',
  ' ',
  '\t',
  '\0',
  '\x0b',
  '\x0c',
  '\x7f',
  '\x85',
  '\xa0',
  '\xff',
  ':',
  ',',
  ';',
  '"',
  '-',
  '+',
  '0',
  '00',
  '0x',
  'Z',
  '*',
  '#',
  '@',
  '\\',
  'chunked',
  'identity',
  ', chunked',
  'chunked, ',
  'HTTP/1.0',
  'HTTP/1.1',
  'HTTP/0.9',
  'HTTP/2.0',
  ' HTTP/1.1\r\n',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  '18446744073709551615',
  '9007199254740993',
  'ffffffff',
  'fffffffffffff',
  'Content-Length: 0\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 99999\r\n',
  'Content-Length : 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding:\r\n chunked\r\n',
  'Host: other.test\r\n',
  'Connection: close\r\n',
  'Connection: content-length, transfer-encoding, host\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Expect: 100-continue\r\n',
  'Cookie: __lotse_v=x; a=b\r\n',
  'GET /poison HTTP/1.1\r\nHost: a\r\n\r\n',
  'http://other.test',
] as const;

/** Damages a stream in one to four places. */
export function mutate(text: string, random: Random): string {
  let damaged = text;
  for (let left = random.pick([1, 1, 1, 2, 2, 3, 4]); left > 0; left--) damaged = mutateOnce(damaged, random);
  return damaged;
}

/** Damages it in one place. */
export function mutateOnce(text: string, random: Random): string {
  const at = placeIn(text, random);
  switch (random.between(0, 8)) {
    case 0:
      return replace(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.between(0, 7))));
    case 1:
      return replace(text, at, 1, String.fromCharCode(random.between(0, 255)));
    case 2:
      return replace(text, at, random.pick([1, 1, 2, 4, 30]), '');
    case 3:
      return replace(text, at, 0, text.slice(at, at + random.pick([1, 2, 8, 40])));
    case 4:
    case 5:
      return replace(text, at, random.pick([0, 0, 1, 2]), random.pick(dictionary));
    case 6:
      return splice(text, at, random);
    case 7:
      return replaceNumber(text, random);
    default:
      return random.chance(0.3) ? text.slice(0, at) : replace(text, lineStart(text, at), 0, random.pick(dictionary));
  }
}

/** Often near a line end or a colon: that is where meanings change. */
function placeIn(text: string, random: Random): number {
  const at = random.between(0, Math.max(0, text.length - 1));
  if (random.chance(0.5)) return at;
  const near = text.indexOf(random.pick(['\r', '\n', ':', ' ']), at);
  return near < 0 ? at : near + random.between(0, 1);
}

function replace(text: string, at: number, length: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at) + 1;
}

/** Puts a piece of a known case in, or goes on with a whole one. */
function splice(text: string, at: number, random: Random): string {
  const known = corpus[random.between(0, corpus.length - 1)] ?? '';
  if (random.chance(0.3)) return text + known;
  const from = random.between(0, known.length);
  return replace(text, at, 0, known.slice(from, from + random.between(1, 60)));
}

/** Makes one of the numbers another one: lengths, chunk sizes, versions, ports. */
function replaceNumber(text: string, random: Random): string {
  const number = /[0-9a-f]+(?=\r\n)/g;
  number.lastIndex = random.between(0, text.length);
  const chosen = number.exec(text) ?? number.exec(text);
  if (chosen === null) return text;
  const value = Number.parseInt(chosen[0], random.pick([10, 16]));
  const other = [
    value + 1,
    value - 1,
    value * 2,
    -value,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 53,
    0,
    `0${value}`,
    `+${value}`,
    `${value} `,
  ];
  return replace(text, chosen.index, chosen[0].length, String(other[random.between(0, other.length - 1)]));
}
