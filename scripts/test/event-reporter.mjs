// A reporter of Node's test runner that writes one JSON line for each test that has ended; `run-file.mjs` reads them.
import { inspect } from 'node:util';

/**
 * @typedef {object} TestEnd
 * @property {string} title
 * @property {'passed' | 'failed' | 'skipped'} outcome
 * @property {string} [reason] of a skipped test
 * @property {string} [error] of a failed test, for people
 */

/** The last line; without it the process ended before its tests had. */
export const endOfFile = 'end of file';

/** @param {AsyncIterable<any>} source events as in Node's documentation of custom reporters */
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const end = testEnd(type === 'test:pass', data);
    if (end !== undefined) yield `${JSON.stringify(end)}\n`;
  }
  yield `${JSON.stringify(endOfFile)}\n`;
}

/**
 * @param {boolean} hasPassed
 * @param {any} data
 * @returns {TestEnd | undefined} nothing for a suite or test whose children say it all
 */
function testEnd(hasPassed, data) {
  const title = data.name;
  if (data.skip !== undefined && data.skip !== false) {
    return { title, outcome: 'skipped', reason: data.skip === true ? 'no reason given' : data.skip };
  }
  if (data.todo !== undefined && data.todo !== false) {
    return { title, outcome: 'skipped', reason: `to do${data.todo === true ? '' : `: ${data.todo}`}` };
  }
  if (hasPassed) return data.details.type === 'suite' ? undefined : { title, outcome: 'passed' };
  const { error } = data.details;
  if (error?.failureType === 'subtestsFailed') return undefined;
  return { title, outcome: 'failed', error: describeError(error) };
}

/** @param {any} error */
function describeError(error) {
  const cause = error?.cause ?? error;
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 4, breakLength: 110 });
}
