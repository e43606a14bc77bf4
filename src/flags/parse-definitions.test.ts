import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';
import { LotseError } from '../core/errors.ts';
import { checkGuards } from './check-guards.ts';
import { parseDefinitions } from './parse-definitions.ts';

const flag = { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' };
const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

function problems(text: string): readonly string[] {
  try {
    parseDefinitions(text);
  } catch (error) {
    assert.ok(error instanceof LotseError);
    assert.equal(error.code, 'manifest-invalid');
    return error.details;
  }
  return [];
}

const problemsOf = (more: object, file: object = {}) =>
  problems(JSON.stringify({ flags: { menu: { ...flag, ...more } }, ...file }, null, 1));

describe('flags.flagd.json', () => {
  it('is refused with line and column of each thing that is wrong', () => {
    const text = `{
  "flags": {
    "menu": { "state": "ON", "variants": { "on": true },
      "targeting": { "iff": [true, "on"] } },
    "hints": { "state": "ENABLED", "variants": { "on": true }, "defaultVariant": "off" }
  }
}`;
    assert.deepEqual(
      problems(text).map((line) => line.split(' ').slice(0, 2).join(' ')),
      ['flags.flagd.json:3:24 flags.menu.state:'],
    );
    assert.deepEqual(problems(text.replace('"ON"', '"ENABLED"')), [
      'flags.flagd.json:4:29 flags.menu.targeting.iff: there is no operator "iff"',
      'flags.flagd.json:5:82 flags.hints.defaultVariant: there is no variant "off"; there are on',
    ]);
  });

  it('is refused where it is no JSON, or names something twice', () => {
    assert.match(problems('{\n  "flags": {,}\n}')[0] ?? '', /^flags\.flagd\.json:2:13 this is not valid JSON/);
    assert.match(problems('{ "flags": {')[0] ?? '', /^flags\.flagd\.json:1:13 this is not valid JSON/);
    const twice = '{ "flags": {\n  "a": { "state": "ENABLED", "variants": { "x": 1 } },\n  "a": {} } }';
    assert.deepEqual(problems(twice), ['flags.flagd.json:3:3 a: this name stands here twice; keep one']);
  });

  it('is refused for rules that can never be evaluated', () => {
    const wrong = (targeting: object) => problemsOf({ targeting })[0] ?? '';
    assert.match(wrong({ sem_ver: [{ var: 'v' }, '=>', '1.0.0'] }), /targeting\.sem_ver\.1: is one of = !=/);
    assert.match(wrong({ sem_ver: [{ var: 'v' }, '>', 'one'] }), /sem_ver\.2: "one" is no version/);
    assert.match(wrong({ fractional: [['on', 0.5]] }), /fractional\.0\.1: a weight is a whole number/);
    assert.match(wrong({ '==': [1] }), /targeting\.==: takes 2 arguments, not 1/);
    assert.match(wrong({ if: [true, 'on'], or: [1] }), /a rule has one operator/);
    assert.match(wrong({ $ref: 'nobody' }), /\$evaluators has no "nobody"/);
  });

  it('is refused for evaluators that lead back to themselves, used or not', () => {
    const loop = { $evaluators: { a: { and: [true, { $ref: 'a' }] } } };
    assert.match(problemsOf({}, loop)[0] ?? '', /\$evaluators\.a\.and\.1\.\$ref: .*itself: a → a/);
  });

  it('is refused where variants differ in type, or a schedule ends before it begins', () => {
    assert.match(problemsOf({ variants: { on: true, off: 'no' } })[0] ?? '', /all of one type, not boolean and string/);
    const lotse = { from: '2027-01-02T00:00:00Z', until: '2027-01-01T00:00:00Z' };
    assert.match(problemsOf({ lotse })[0] ?? '', /lotse\.until: it ends before it begins/);
    assert.match(problemsOf({ lotse: { from: 'soon' } })[0] ?? '', /lotse\.from: a moment such as/);
    assert.match(problemsOf({ lotse: { of: 'on' } })[0] ?? '', /Unrecognized key/);
  });

  it('is refused for guards that cannot tell variants apart', () => {
    const guarded = (lotse: object, variants: object = flag.variants) => problemsOf({ lotse, variants })[0] ?? '';
    assert.match(guarded({ guard: ['late'] }), /lotse\.guard: with `guard` there is also `off`/);
    assert.match(guarded({ guard: ['late'], off: 'off' }, { off: false }), /no other variant that could do harm/);
    const odd = { off: false, 'a.*': true };
    assert.match(guarded({ guard: ['late'], off: 'off' }, odd), /variants\.a\.\*: this name stands in queries/);
    const text = `{ "flags": {
  "menu": { "state": "ENABLED", "variants": { "on": true, "off": false },
    "lotse": { "off": "off", "guard": ["lat", "late"] } } } }`;
    const check = (query: string | null) => () =>
      checkGuards(text, parseDefinitions(text), [{ environment: 'production', signal: 'late', query }]);
    const details = (wanted: readonly RegExp[]) => (error: unknown) => {
      assert.ok(error instanceof LotseError);
      for (const [index, each] of wanted.entries()) assert.match(error.details[index] ?? '', each);
      return error.details.length === wanted.length;
    };
    const missing = /^flags\.flagd\.json:3:40 flags\.menu\.lotse\.guard\.0: .* has a signal "lat".*there are late$/;
    assert.throws(check('late{menu=~"$variant"}'), details([missing]));
    assert.throws(check('late'), details([missing, /:3:47 .*production\.strategy\.signals\.late does not tell/]));
    assert.throws(check(null), details([missing, /is a command, and only a query/]));
  });

  it('is read by flagd, too, with what is ours in it', () => {
    const lotse = { off: 'off', from: '2027-01-01T00:00:00+01:00' };
    const text = JSON.stringify({ flags: { menu: { ...flag, lotse } } });
    new MemoryStorage(quiet).setConfigurations(text, true);
    const own = parseDefinitions(text).flags.get('menu');
    assert.deepEqual(own?.additions, {
      ...{ offVariant: 'off', fromMs: Date.UTC(2026, 11, 31, 23), untilMs: null },
      guard: [],
    });
    assert.equal(new FlagdCore().setConfigurations(text).length, 1);
  });
});
