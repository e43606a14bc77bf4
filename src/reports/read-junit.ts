import { SaxesParser } from 'saxes';
import { reportProblem } from './report-problem.ts';

export interface TestReport {
  readonly tests: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of those that failed, the first ones. */
  readonly failures: readonly string[];
}

const mostFailures = 20;
/** Suites lie in suites, and nothing deeper than this. */
const deepest = 100;

/**
 * Reads JUnit's XML as tools write it: `testsuites` or `testsuite`, with each `testcase` counted, since tools fill the sums
 * of suites in different ways. `rerunFailure` and `flakyFailure` (Maven) belong to tests that passed in the end. Errors:
 * `bad-input` with line and column. What a document type would declare is not read.
 */
export function readJunit(text: string, file: string): TestReport {
  const parser = new SaxesParser({ position: true });
  const failures: string[] = [];
  const found = { tests: 0, failed: 0, skipped: 0 };
  const open: string[] = [];
  let test: { readonly name: string; failed: boolean; skipped: boolean } | null = null;
  const here = () => ({ line: parser.line, column: parser.column + 1 });
  parser.on('error', (error) => {
    throw reportProblem(file, here(), `is not well-formed: ${error.message.replace(/^\S*\d+:\d+: /, '')}`);
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length === 0 && name !== 'testsuites' && name !== 'testsuite')
      throw reportProblem(
        file,
        here(),
        `begins with <${name.slice(0, 40)}>; a report of JUnit begins with <testsuites> or <testsuite>`,
      );
    if (open.length >= deepest) throw reportProblem(file, here(), 'goes deeper than any report does');
    open.push(name);
    if (name === 'testcase') {
      if (test !== null) throw reportProblem(file, here(), 'has a <testcase> inside another one');
      test = {
        name: [attributes['classname'], attributes['name']].filter((each) => typeof each === 'string').join(' '),
        failed: false,
        skipped: false,
      };
    } else if (test !== null && open.at(-2) === 'testcase') {
      if (name === 'failure' || name === 'error') test.failed = true;
      if (name === 'skipped') test.skipped = true;
    }
  });
  parser.on('closetag', ({ name }) => {
    open.pop();
    if (name !== 'testcase' || test === null) return;
    found.tests += 1;
    if (test.failed) found.failed += 1;
    else if (test.skipped) found.skipped += 1;
    if (test.failed && failures.length < mostFailures) failures.push(test.name.slice(0, 200));
    test = null;
  });
  parser.write(text).close();
  return { ...found, failures };
}
