import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJunit } from './read-junit.ts';

const read = (text: string) => readJunit(text, 'report.xml');

test('tests are counted by what happened to each, however tools sum them up', () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites tests="99" failures="0">
      <testsuite name="outer" tests="1">
        <testcase name="pays" classname="shop"/>
        <testsuite name="inner">
          <properties><property name="failure" value="1"/></properties>
          <testcase name="ships &amp; sends"><failure message="late">expected &lt;1&gt;</failure><error/></testcase>
          <testcase name="breaks"><error type="x"/><system-out><![CDATA[<failure/>]]></system-out></testcase>
          <testcase name="rests"><skipped/></testcase>
          <testcase name="wavers"><flakyFailure message="once"/></testcase>
        </testsuite>
      </testsuite>
    </testsuites>`;
  assert.deepEqual(read(report), { tests: 5, failed: 2, skipped: 1, failures: ['ships & sends', 'breaks'] });
  assert.deepEqual(read('<testsuite/>'), { tests: 0, failed: 0, skipped: 0, failures: [] });
});

test('what is no report is refused with its place, and nothing that it declares is read', () => {
  for (const [text, wanted] of [
    ['<testsuite>\n  <testcase></testsuite>', /^report\.xml:2:\d+ is not well-formed/],
    ['<html></html>', /begins with <html>/],
    ['', /report\.xml:1:\d+ is not well-formed/],
    ['{"tests": 1}', /is not well-formed/],
    ['<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite name="&a;"/>', /is not well-formed: undefined entity/],
    ['<testsuite>'.repeat(200), /deeper/],
    ['<testsuite><testcase><testcase/></testcase></testsuite>', /inside another/],
  ] as const)
    assert.throws(
      () => read(text),
      (error: Error) => wanted.test(error.message) || assert.fail(error.message),
      text.slice(0, 50),
    );
});
