import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkArchitecture, checkLinks, checkPrivateNames } from './docs-rules.ts';
import type { Repository } from './docs-rules.ts';
import type { Finding } from './source-tree.ts';

/** A made-up repository; the folders of its files exist as well. */
function repository(tree: Readonly<Record<string, string>>): Repository {
  const paths = Object.keys(tree);
  const documents = paths.filter((path) => path.endsWith('.md')).map((path) => ({ path, text: tree[path] ?? '' }));
  return { documents, exists: (path) => paths.some((known) => known === path || known.startsWith(`${path}/`)) };
}

const inWords = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ path, line, message }) => `${path}:${line} ${message}`);

test('links that lead somewhere are fine', () => {
  const text = `# Top
[file](src/a.ts), [line](src/a.ts#L3), [folder](src/), ![picture](docs/a.png "title"), [code](<docs/b.md>), [site](https://example.org/x)
[heading](#top), [\`code\` too](docs/b.md#what-it-is-for), [twice](docs/b.md#twice-1), [by hand](docs/b.md#hand), [mail](mailto:a@b.c)
[reference][ref]

[ref]: docs/b.md#größe--mehr
\`[not](a-link.md)\`
\`\`\`md
[not](a-link.md)
\`\`\`
`;
  const other =
    '## What it is *for*?\n## Twice\n## Twice\n<a id="hand"></a>\n## Größe & mehr\n[back](../README.md#top) [root](/src/a.ts)\n';
  const tree = { 'README.md': text, 'docs/b.md': other, 'docs/a.png': '', 'src/a.ts': '' };
  assert.deepEqual(inWords(checkLinks(repository(tree))), []);
});

test('dead links, dead anchors and links out of the repository are found with their lines', () => {
  const text =
    '# Top\n[a](b.md)\n\n[c](#bottom)\n[d](../../elsewhere.md)\n<img src="no.png">\n[e]: gone.md\n[`f`](docs/f.md)\n';
  assert.deepEqual(inWords(checkLinks(repository({ 'docs/a.md': text }))), [
    'docs/a.md:2 b.md leads nowhere',
    'docs/a.md:4 #bottom: docs/a.md has no heading #bottom',
    'docs/a.md:5 ../../elsewhere.md leads out of the repository',
    'docs/a.md:6 no.png leads nowhere',
    'docs/a.md:7 gone.md leads nowhere',
    'docs/a.md:8 docs/f.md leads nowhere',
  ]);
});

const walked = Array.from({ length: 7 }, (_, index) => `src/step${index + 1}.ts`);
const walk = `# Architecture\nAll lies in \`src/\`.\n## One deploy in seven files\n${walked.map((file) => `[x](${file})`).join('\n')}\n## Next\n[y](src/step1.ts)\n`;
const tree = { 'ARCHITECTURE.md': walk, ...Object.fromEntries(walked.map((file) => [file, ''])) };

test('an architecture whose paths exist and whose walk has seven files is fine', () => {
  assert.deepEqual(inWords(checkArchitecture(repository(tree))), []);
});

test('paths that do not exist, a shorter walk, no walk and no ARCHITECTURE.md are found', () => {
  const check = (text: string): readonly string[] =>
    inWords(checkArchitecture(repository({ ...tree, 'ARCHITECTURE.md': text })));
  assert.deepEqual(check(walk.replace('`src/`', '`src/gone/file.ts`.')), [
    'ARCHITECTURE.md:2 names src/gone/file.ts, which does not exist',
  ]);
  assert.deepEqual(check(walk.replace('[x](src/step7.ts)', '[x](src/step6.ts)')), [
    'ARCHITECTURE.md:3 the walk of one deploy links 6 files of src, and promises 7',
  ]);
  assert.match(check('# Architecture\n')[0] ?? '', /the walk is missing/);
  assert.match(inWords(checkArchitecture(repository({})))[0] ?? '', /^ARCHITECTURE.md:1 is missing/);
});

test('names that mean something on one machine only are found', () => {
  const find = (text: string, words: readonly string[] = []): readonly string[] =>
    inWords(checkPrivateNames([{ path: 'a.ts', text }], words));
  assert.deepEqual(find('// in /var/lib/lotse, /home/user/app and https://a.example/home/x/y'), []);
  assert.deepEqual(find('1\n// see /Users/anna/notes.md'), ['a.ts:2 holds a path of one machine']);
  assert.deepEqual(find('cd /home/anna/lotse'), ['a.ts:1 holds a path of one machine']);
  assert.deepEqual(find(`see ${['..', 'shared', 'plan.md'].join('/')}`), ['a.ts:1 holds a path out of the repository']);
  assert.deepEqual(find('the Acme+ way, acmeish', ['acme+']), ['a.ts:1 holds the private name "acme+"']);
  assert.deepEqual(find('acmeish', ['acme']), []);
});
