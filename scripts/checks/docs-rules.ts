import { anchorsOf, findLinks, followLink } from './markdown.ts';
import type { Finding, SourceFile } from './source-tree.ts';

export type Repository = {
  readonly documents: readonly SourceFile[];
  /** Files and folders, as paths from the root. */
  readonly exists: (path: string) => boolean;
};

/** Each relative link leads to something inside the repository, each anchor to a heading. */
export function checkLinks({ documents, exists }: Repository): readonly Finding[] {
  const texts = new Map(documents.map((document) => [document.path, document.text]));
  return documents.flatMap(({ path, text }) =>
    findLinks(text).flatMap(({ target, line }): readonly Finding[] => {
      const place = followLink(path, target);
      if (place === undefined) return [];
      if (place.path.startsWith('../')) return [{ path, line, message: `${target} leads out of the repository` }];
      if (!exists(place.path.replace(/\/$/, ''))) return [{ path, line, message: `${target} leads nowhere` }];
      const linked = texts.get(place.path);
      if (place.anchor === '' || linked === undefined || anchorsOf(linked).has(place.anchor)) return [];
      return [{ path, line, message: `${target}: ${place.path} has no heading #${place.anchor}` }];
    }),
  );
}

const stepsOfTheWalk = 7;

/**
 * ARCHITECTURE.md promises that each path of the sources it names exists, and that one deploy can be read in seven
 * files by following its links.
 */
export function checkArchitecture({ documents, exists }: Repository): readonly Finding[] {
  const path = 'ARCHITECTURE.md';
  const text = documents.find((document) => document.path === path)?.text;
  if (text === undefined) return [{ path, line: 1, message: 'is missing: it explains the tree and walks one deploy' }];
  const findings: Finding[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    for (const match of line.matchAll(/(?<![\w/.-])src\/[\w./-]*[\w/]/g)) {
      const named = match[0].replace(/\/$/, '');
      if (!exists(named)) findings.push({ path, line: index + 1, message: `names ${named}, which does not exist` });
    }
  }
  const walk = /^#+ [^\n]*one deploy[^\n]*\n([\s\S]*?)(?=^#+ |(?![\s\S]))/im.exec(text);
  if (walk === null)
    return [...findings, { path, line: 1, message: 'has no heading with "one deploy": the walk is missing' }];
  const files = findLinks(walk[1] ?? '').flatMap(({ target }) => followLink(path, target)?.path ?? []);
  const steps = new Set(files.filter((file) => /^src\/.*\.ts$/.test(file)));
  if (steps.size !== stepsOfTheWalk) {
    const message = `the walk of one deploy links ${steps.size} files of src, and promises ${stepsOfTheWalk}`;
    findings.push({ path, line: text.slice(0, walk.index).split('\n').length, message });
  }
  return findings;
}

/** Places that exist on one machine only, and say nothing to whoever reads the repository. */
const machinePlaces: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    pattern: /(?<![\w.~$}/-])\/(?:work|home\/(?!user\b)[a-z][\w-]*|Users\/[A-Za-z][\w-]*)\/[\w.-]/,
    what: 'a path of one machine',
  },
  { pattern: /(?<![\w./-])(?:\.\.\/)+shared\//, what: 'a path out of the repository' },
  { pattern: /^co-authored-by:|\bgenerated (?:with|by) (?:claude|chatgpt|copilot)\b/im, what: 'a note of a tool' },
];

/**
 * Names that must not stand anywhere in the repository.
 * @param extraWords further ones, asked for by whoever runs the check
 */
export function checkPrivateNames(files: readonly SourceFile[], extraWords: readonly string[]): readonly Finding[] {
  const extra = extraWords.map((word) => ({
    pattern: new RegExp(`(?<![\\p{L}\\p{N}])${word.replace(/[^\p{L}\p{N}\s]/gu, '\\$&')}(?![\\p{L}\\p{N}])`, 'iu'),
    what: `the private name "${word}"`,
  }));
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        [...machinePlaces, ...extra]
          .filter(({ pattern }) => pattern.test(line))
          .map(({ what }) => ({ path, line: index + 1, message: `holds ${what}` })),
      ),
  );
}
