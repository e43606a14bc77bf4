/** Claims of a token as far as they are single values. */
export type Claims = Readonly<Record<string, unknown>>;

/** Claims that say whose pipeline it is: GitHub's, GitLab's, and the subject of any issuer. */
const identityClaims = [
  ...['repository', 'repository_id', 'repository_owner', 'repository_owner_id'],
  ...['project_path', 'project_id', 'namespace_path', 'namespace_id', 'sub'],
] as const;

/** Does every pattern fit its claim as a whole? A `*` stands for any characters; a claim that is not there fits nothing. */
export function fitsClaims(patterns: Readonly<Record<string, string>>, claims: Claims): boolean {
  return Object.entries(patterns).every(([name, pattern]) => {
    const text = textOf(claims[name]);
    return text !== null && fitsPattern(pattern, text);
  });
}

/**
 * Says what is missing when a rule would let strangers in: everybody can have a repository at the same issuer. The owner
 * must stand before any `*`: `acme/*` is fine, `acme*` would let `acme-evil/x` in. Null: nothing is missing.
 */
export function missingIdentity(patterns: Readonly<Record<string, string>>): string | null {
  const given = identityClaims.flatMap((name) => patterns[name] ?? []);
  if (given.some((pattern) => !pattern.includes('*') || pattern.split('*')[0]?.includes('/') === true)) return null;
  return given.length === 0
    ? `No claim says whose pipeline it is: ${identityClaims.join(', ')}.`
    : 'A `*` would let other owners in: the owner stands in full before it, as in acme/*.';
}

/** What a token says of itself, for a message: those claims that rules are about. */
export function sayClaims(claims: Claims): string {
  const told = ['repository', 'project_path', 'ref', 'environment', 'sub'].flatMap((name) => {
    const text = textOf(claims[name]);
    return text === null ? [] : [`${name}=${text.slice(0, 200)}`];
  });
  return told.join(', ') || 'no claim that a rule could be about';
}

export function textOf(claim: unknown): string | null {
  return typeof claim === 'string' || typeof claim === 'number' || typeof claim === 'boolean' ? String(claim) : null;
}

/** Part by part, so that no pattern can make it slow. */
function fitsPattern(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > text.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
