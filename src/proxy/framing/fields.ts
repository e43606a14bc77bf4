import { isName, tokenOctets, valueOctets } from './characters.ts';

/** Sees each field line of a head. `text.slice(nameFrom, nameTo)` is the name, `text.slice(valueFrom, valueTo)` the trimmed value. */
export interface FieldVisitor {
  /** True keeps the line as it is for the next hop. A visitor that refuses notes that in itself. */
  field(text: string, nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): boolean;
  /** There are more fields than allowed; reading ends there. */
  tooManyFields(): void;
}

const colon = 58;
const cr = 13;
const lf = 10;

/**
 * Reads the field lines of a head (RFC 9112 section 5), strictly: no folding, no space before the colon, no bare CR or
 * LF, no control characters. `text` holds the head up to and including the CRLF of its last line; the first field line
 * starts at `from`. Returns the kept lines, unchanged and each with its CRLF, or null when a line is malformed or there
 * are more than `maxFields`.
 */
export function readFields(text: string, from: number, maxFields: number, visitor: FieldVisitor): string | null {
  const length = text.length;
  let kept = '';
  let runFrom = from;
  let lineFrom = from;
  let count = 0;
  while (lineFrom < length) {
    let at = lineFrom;
    while (tokenOctets[text.charCodeAt(at)] === 1) at++;
    if (at === lineFrom || text.charCodeAt(at) !== colon) return null;
    if (++count > maxFields) {
      visitor.tooManyFields();
      return null;
    }
    const nameTo = at++;
    while (isBlank(text.charCodeAt(at))) at++;
    const valueFrom = at;
    while (valueOctets[text.charCodeAt(at)] === 1) at++;
    if (text.charCodeAt(at) !== cr || text.charCodeAt(at + 1) !== lf) return null;
    const lineTo = at + 2;
    while (at > valueFrom && isBlank(text.charCodeAt(at - 1))) at--;
    if (!visitor.field(text, lineFrom, nameTo, valueFrom, at)) {
      if (lineFrom > runFrom) kept += text.slice(runFrom, lineFrom);
      runFrom = lineTo;
    }
    lineFrom = lineTo;
  }
  return runFrom === from ? text.slice(from) : kept + text.slice(runFrom);
}

function isBlank(octet: number): boolean {
  return octet === 32 || octet === 9;
}

/** The elements of a comma-separated list, in lower case. */
export function listElements(value: string): readonly string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

/** Content-Length as a number, or -1 when it is not a plain decimal of at most 15 digits (lists and repetitions are refused too). */
export function readContentLength(text: string, from: number, to: number): number {
  if (to === from || to - from > 15) return -1;
  if (to - from > 1 && text.charCodeAt(from) === 48) return -1;
  let length = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}

/** Removes the field lines whose names stand in `lowerNames` (what `Connection` named) from kept lines. */
export function withoutFields(kept: string, lowerNames: readonly string[]): string {
  const lines = kept.split('\r\n').filter((line) => {
    const nameTo = line.indexOf(':');
    return !lowerNames.some((name) => name.length === nameTo && isName(line, 0, name));
  });
  return lines.join('\r\n');
}
