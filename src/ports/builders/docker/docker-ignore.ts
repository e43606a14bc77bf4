/**
 * What a `.dockerignore` leaves out (docs.docker.com/build/concepts/context, "Syntax"): one pattern a line, `*` and `?`
 * inside a name, `**` over any number of them, `!` takes back, the last line that matches decides, and what lies below a
 * folder goes with it. The Dockerfile always stays.
 */
export function readDockerIgnore(text: string): (path: string) => boolean {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isTakenBack: line.startsWith('!'), pattern: patternOf(line.replace(/^!\s*/, '')) }));
  return (path) => {
    if (path === 'Dockerfile' || path === '') return false;
    const last = rules.findLast(({ pattern }) => pattern.test(path));
    return last !== undefined && !last.isTakenBack;
  };
}

/** Matches the path itself and all below it. */
function patternOf(line: string): RegExp {
  const names = line.split('/').filter((name) => name !== '' && name !== '.');
  const clean: string[] = [];
  for (const name of names) {
    if (name === '..') clean.pop();
    else clean.push(name);
  }
  const last = clean.length - 1;
  const text = clean.map((name, at) => {
    if (name === '**') return at === last ? '.+' : '(?:[^/]+/)*';
    return `${partOf(name)}${at === last ? '' : '/'}`;
  });
  return new RegExp(`^${clean.length === 0 ? '.+' : text.join('')}(?:/|$)`);
}

function partOf(name: string): string {
  const tokens = name.match(/\\.|\*+|\?|\[[^\]]+\]|[^]/gu) ?? [];
  return tokens
    .map((token) => {
      if (token.startsWith('*')) return token.length > 1 ? '.*' : '[^/]*';
      if (token === '?') return '[^/]';
      if (token.startsWith('[') && token.length > 2) return token.replaceAll('\\', '\\\\');
      const letter = token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
      return letter.replace(/[.*+?^${}()|[\]\\/]/u, '\\$&');
    })
    .join('');
}
