import { posix } from 'node:path';

export type Link = { readonly target: string; readonly line: number };

/** Replaces fenced and inline code by spaces, so that offsets and lines stay where they are. */
function withoutCode(text: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, ' ');
  return text.replace(/^(\s*)(```+|~~~+)[^\n]*\n[\s\S]*?^\s*\2[^\n]*$/gm, blank).replace(/`[^`\n]*`/g, blank);
}

/** Inline links, pictures, reference definitions and `href`/`src` of embedded HTML, in the order of the text. */
export function findLinks(text: string): readonly Link[] {
  const prose = withoutCode(text.replace(/\[`([^`\n]*)`\]/g, (_, code: string) => `[ ${' '.repeat(code.length)} ]`));
  const patterns = [
    /\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+["'][^)]*)?\)/g,
    /^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/gm,
    /\b(?:href|src)="([^"]+)"/g,
  ];
  return patterns
    .flatMap((pattern) => [...prose.matchAll(pattern)])
    .sort((left, right) => left.index - right.index)
    .map((match) => ({ target: match[1] ?? '', line: lineOf(text, match.index + match[0].search(/\S/)) }));
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** The anchors that GitHub gives to headings (github-slugger's rules), and those set by hand. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const prose = text.replace(/^(\s*)(```+|~~~+)[^\n]*\n[\s\S]*?^\s*\2[^\n]*$/gm, '');
  for (const match of prose.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = slugOf(match[1] ?? '');
    let unique = slug;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${slug}-${count}`;
    anchors.add(unique);
  }
  for (const match of prose.matchAll(/<[a-z][^>]*\s(?:id|name)="([^"]+)"/g)) anchors.add(match[1] ?? '');
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]+>/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Where a relative link of a document leads: a path from the root of the repository, and an anchor. */
export function followLink(
  from: string,
  target: string,
): { readonly path: string; readonly anchor: string } | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('//')) return undefined; // another site
  const [path = '', anchor = ''] = target.split('#', 2);
  const decoded = decodeURIComponent(path.replace(/\?.*$/, ''));
  if (decoded === '') return { path: from, anchor };
  if (decoded.startsWith('/')) return { path: decoded.slice(1), anchor };
  return { path: posix.normalize(posix.join(posix.dirname(from), decoded)), anchor };
}
