import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@openfeature/core';
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';
import fc from 'fast-check';
import { compileFlag } from './compile-flag.ts';
import { parseDefinitions } from './parse-definitions.ts';

/**
 * flagd-core has two ways to evaluate a rule, which differ where values do not fit: compiled code may answer where its
 * interpreter fails. Ours has to answer as one of them.
 */

const quiet = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const variants = { on: 'on-value', off: 'off-value', true: 'true-value', false: 'false-value', '1': 'one' };

interface Answer {
  readonly value: unknown;
  readonly variant: string | undefined;
  readonly reason: string | undefined;
  readonly errorCode: string | undefined;
}

function fileOf(targeting: unknown, more: object = {}): string {
  return JSON.stringify({
    flags: { flag: { state: 'ENABLED', variants, defaultVariant: 'off', targeting, ...more } },
    $evaluators: { twice: { '!': { $ref: 'beta' } }, beta: { ends_with: [{ var: 'email' }, '@beta.example'] } },
  });
}

function ours(text: string, context: Readonly<Record<string, unknown>>): Answer {
  const set = parseDefinitions(text);
  const flag = set.flags.get('flag');
  assert.ok(flag);
  const { value = 'code', variant, reason, errorCode } = compileFlag('flag', flag, set.metadata)(context, Date.now());
  return { value, variant, reason, errorCode };
}

function theirs(
  text: string,
  context: Readonly<Record<string, unknown>>,
  disableDynamicCodeGeneration: boolean,
): Answer {
  const options = { disableDynamicCodeGeneration };
  const core = new FlagdCore(new MemoryStorage(quiet, options), quiet, options);
  core.setConfigurations(text);
  // parsed: any JSON is a context
  const details = core.resolveStringEvaluation('flag', 'code', context as never);
  // A rule that fails as soon as it is read is to us one that fails when it is asked.
  const errorCode = details.errorCode === ErrorCode.PARSE_ERROR ? 'GENERAL' : details.errorCode;
  return { value: details.value, variant: details.variant, reason: details.reason, errorCode };
}

const names = [
  'email',
  'age',
  'plan',
  'groups',
  'version',
  'beta',
  'nothing',
  'user.country',
  'user.tags',
  'targetingKey',
];
const primitive = fc.oneof(
  fc.integer({ min: -20, max: 120 }),
  fc.constantFrom('', 'a', 'b', 'pro', '7', 'on', 'off', 'me@beta.example', 'me@home.example', '1.2.3'),
  fc.boolean(),
  fc.constant(null),
);
const context = fc.record(
  {
    targetingKey: fc.constantFrom('user-1', 'user-2', 'user-3', 'a', 'zwölf', 'a-much-longer-key-of-a-user', ''),
    email: fc.constantFrom('me@beta.example', 'me@home.example', 'BETA', ''),
    age: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.constant('42')),
    plan: fc.constantFrom('free', 'pro', 'team'),
    groups: fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constantFrom('a', 'b', 'pro')), { maxLength: 4 }),
    version: fc.constantFrom('1.2.3', 'v2.0.0', '1.9', '2', '2.0.0-rc.1', 'not-a-version', '1.10.0+build'),
    beta: fc.boolean(),
    user: fc.record({
      country: fc.constantFrom('de', 'fr', 'ch'),
      tags: fc.array(fc.constantFrom('x', 'y'), { maxLength: 3 }),
    }),
  },
  { requiredKeys: [] },
);

/** Rules as flagd's schema allows them. Inside of a list flagd-core's own operators find no context, so they stay outside. */
function rules(depth: number, isInside: boolean): fc.Arbitrary<unknown> {
  const read = isInside
    ? fc.constantFrom<unknown>({ var: '' }, { var: 'x' }, { var: ['missing', 3] })
    : fc.oneof(
        fc.constantFrom(...names, '$flagd.flagKey').map((name) => ({ var: name })),
        fc.tuple(fc.constantFrom(...names), primitive).map((pair) => ({ var: pair })),
      );
  const leaf = fc.oneof(primitive, read, read);
  if (depth === 0) return leaf;
  const some = rules(depth - 1, isInside);
  // Of a list that is computed flagd-core negates the first element, where JsonLogic asks whether it is empty.
  const notList = some.filter((one) => !/"(?:map|filter|merge|missing|missing_some)":/.test(JSON.stringify(one)));
  const inner = rules(Math.min(1, depth - 1), true);
  const list = fc.oneof(
    fc.constantFrom<unknown>({ var: 'groups' }, { var: 'user.tags' }),
    fc.array(primitive, { maxLength: 4 }),
  );
  const op = (name: string, ...args: readonly fc.Arbitrary<unknown>[]) =>
    fc.tuple(...args).map((list) => ({ [name]: list }));
  const many = (name: string, least = 1) =>
    fc.array(some, { minLength: least, maxLength: 4 }).map((list) => ({ [name]: list }));
  const flagd = [
    op('starts_with', some, fc.constantFrom('me', 'a', 'BE')),
    op('ends_with', read, fc.constantFrom('@beta.example', 'TA', '')),
    op(
      'sem_ver',
      fc.constantFrom<unknown>({ var: 'version' }, '1.2.3', { var: 'plan' }),
      fc.constantFrom('=', '!=', '<', '<=', '>', '>=', '^', '~'),
      fc.constantFrom('1.2.3', 'v2', '1.9', '2.0.0-rc.1'),
    ),
    shares(some),
    fc.constantFrom({ $ref: 'beta' }, { $ref: 'twice' }),
  ];
  return fc.oneof(
    { depthSize: 'small' },
    leaf,
    many('if', 1),
    many('and'),
    many('or'),
    notList.map((one) => ({ '!': one })),
    notList.map((one) => ({ '!!': [one] })),
    ...['<', '<=', '>', '>=', '==', '!=', '===', '!=='].map((name) => op(name, some, some)),
    op('<', some, some, some),
    op('<=', some, some, some),
    ...['+', '-', '*', 'max', 'min', 'cat'].map((name) => many(name, 2)),
    ...['/', '%', 'in'].map((name) => op(name, some, name === 'in' ? fc.oneof(list, some) : some)),
    op('substr', some, fc.integer({ min: -4, max: 4 })),
    op('substr', some, fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 })),
    many('merge'),
    ...['map', 'filter', 'some', 'none', 'all'].map((name) => op(name, list, inner)),
    op(
      'reduce',
      list,
      fc.constantFrom<unknown>(
        { '+': [{ var: 'accumulator' }, { var: 'current' }] },
        { cat: [{ var: 'accumulator' }, { var: 'current' }] },
      ),
      fc.constantFrom<unknown>(0, ''),
    ),
    fc.subarray(names, { minLength: 1 }).map((wanted) => ({ missing: wanted })),
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.subarray(names, { minLength: 1 }))
      .map((pair) => ({ missing_some: pair })),
    ...(isInside ? [] : flagd),
  );
}

function shares(some: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const share = fc.oneof(
    fc.tuple(fc.constantFrom('on', 'off', 'unknown'), fc.integer({ min: 0, max: 100 })),
    fc.tuple(fc.constantFrom('on', 'off')),
    fc.tuple(fc.oneof(fc.constant('on'), some), fc.constantFrom<unknown>(25, 50)),
  );
  const list = fc.array(share, { minLength: 1, maxLength: 4 });
  const key = fc.constantFrom<unknown>(
    { var: 'email' },
    { var: 'nothing' },
    { cat: [{ var: '$flagd.flagKey' }, { var: 'plan' }] },
  );
  return fc
    .oneof(
      list,
      fc.tuple(key, list).map(([by, own]) => [by, ...own]),
    )
    .map((args) => ({ fractional: args }));
}

describe('a flag is evaluated as flagd-core does', () => {
  it('whatever its rule and whoever asks', () => {
    let apart = 0;
    let matched = 0;
    const runs = 2500;
    fc.assert(
      fc.property(rules(3, false), context, (rule, who) => {
        const targeting = typeof rule === 'object' && rule !== null && !Array.isArray(rule) ? rule : { if: [rule] };
        const text = fileOf(targeting);
        const answer = ours(text, who);
        const [compiled, interpreted] = [theirs(text, who, false), theirs(text, who, true)];
        if (JSON.stringify(compiled) !== JSON.stringify(interpreted)) apart += 1;
        if (answer.reason === 'TARGETING_MATCH') matched += 1;
        const isSame = [compiled, interpreted].some((one) => JSON.stringify(one) === JSON.stringify(answer));
        assert.ok(isSame, JSON.stringify({ targeting, who, answer, compiled, interpreted }));
      }),
      { numRuns: runs, seed: 20_261_122 },
    );
    assert.ok(apart < runs / 10, `their two ways differ in ${apart} of ${runs}`);
    assert.ok(matched > runs / 20, `only ${matched} rules named a variant`);
  });
});
