import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { LotseError } from '../core/errors.ts';
import { checkManifest, parseManifest } from './parse-manifest.ts';
import { describeSchema } from './reference/json-schema.ts';

const options = { file: 'lotse.yaml', hasDockerfile: false };
const files = ['bildwerk.yaml', 'bildwerk-full.yaml', 'broken.yaml'].map((name) =>
  readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8'),
);

/** Either a manifest, or a LotseError whose details point into the file. */
function assertJudged(text: string): void {
  const lines = text.split('\n').length;
  const { problems, manifest } = checkManifest(text, options);
  assert.equal(manifest === undefined, problems.length > 0);
  for (const problem of problems) {
    assert.ok(problem.line >= 1 && problem.line <= lines + 1 && problem.column >= 1);
    assert.notEqual(problem.message, '');
  }
  if (manifest !== undefined) return;
  assert.throws(
    () => parseManifest(text, options),
    (thrown) => thrown instanceof LotseError && thrown.code === 'manifest-invalid' && thrown.details.length > 0,
  );
}

test('no text throws anything but a LotseError', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), assertJudged), { numRuns: 300 });
});

test('no text made of pieces of YAML throws anything but a LotseError', () => {
  const piece = fc.constantFrom(
    'app',
    'services',
    'web',
    'run',
    ':',
    ': ',
    '\n',
    '\n  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '&a',
    '*a',
    '<<',
    '!x',
    '#',
    '|',
    '>',
    '?',
    '%',
    '@',
    '`',
    '~',
    '---',
    '...',
    '\t',
    'null',
    '1',
    '1%',
    '30s',
    '${X}',
    '\\',
    '\u0000',
    '\ud800',
    '\u2028',
    '\r',
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  fc.assert(fc.property(text, assertJudged), { numRuns: 400 });
});

test('no change to a real file throws anything but a LotseError', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 5 });
  const edited = fc.tuple(fc.constantFrom(...files), edits).map(([text, list]) =>
    list.reduce((before, [at, removed, added]) => {
      const offset = at % (before.length + 1);
      return before.slice(0, offset) + added + before.slice(offset + removed);
    }, text),
  );
  fc.assert(fc.property(edited, assertJudged), { numRuns: 200 });
});

test('no data under the real keys throws anything but a LotseError', () => {
  const schema = describeSchema();
  const nodes = [schema, ...Object.values(schema.$defs ?? {})];
  const keys = [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))];
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, 1.5, -1, 'x', '1%', '30s', '/a', 'a.b', 'rolling', 'node x'),
      tie('map'),
      tie('list'),
    ),
    map: fc.dictionary(fc.constantFrom(...keys, 'dev', 'production', 'A_B'), tie('tree'), { maxKeys: 6 }),
    list: fc.array(tie('tree'), { maxLength: 3 }),
  }));
  const root = fc.record({
    app: fc.constant('shop'),
    services: tree,
    environments: tree,
    config: tree,
    stores: tree,
    jobs: tree,
    verify: tree,
  });
  fc.assert(
    fc.property(root, (data) => {
      assertJudged(stringify(data, { aliasDuplicateObjects: false }));
    }),
    { numRuns: 200 },
  );
});
