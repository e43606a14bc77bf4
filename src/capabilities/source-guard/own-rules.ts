/** A place in a text that looks like a secret: offsets, the second one exclusive. */
export interface Match {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}

/**
 * What the library passes over, measured with version 13.0.7: ids of AWS keys that stand alone, short private keys (EC,
 * Ed25519, OpenSSH), keys of age, passwords in URLs.
 */
const everywhere: readonly { readonly rule: string; readonly pattern: RegExp }[] = [
  { rule: 'AWS access key id', pattern: /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])/g },
  {
    rule: 'private key',
    pattern:
      /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nrt]|[A-Z][A-Za-z-]{1,20}: [^\n]{0,100}\n){0,40}[A-Za-z0-9+/=]{32,}/g,
  },
  { rule: 'age identity', pattern: /AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{50,}/g },
];

/** In files that hold configuration, a name says what its value is. */
const named =
  /^[ \t]*(?:export[ \t]+)?["']?([A-Za-z_][A-Za-z0-9_]{0,79})["']?[ \t]*[=:][ \t]*(["'`]?)([^\s"'`#][^\n"'`#]{7,})\2/gm;
const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY|SECRET_?KEY|SESSION_?KEY|CREDENTIALS?)$/i;
const urlWithPassword = /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/?#@:"']{0,64}:([^\s/?#@"']{6,200})@[^\s/?#@"']{1,253}/gi;
/** What people write where a value is to be filled in, or for a machine of their own. */
const placeholder =
  /^(?:\$|<|\{|%|\*+|x{3,}|\.{3})|change|example|placeholder|your[-_ ]|replace|todo|dummy|insert|^(?:password|passwort|postgres|secret|guest|admin|test|root|user|development|unset|none|null|undefined)\d*$/i;

export function findOwn(path: string, text: string): readonly Match[] {
  const found = everywhere.flatMap(({ rule, pattern }) =>
    [...text.matchAll(pattern)].map((match) => ({ rule, start: match.index, end: match.index + match[0].length })),
  );
  const real = found.filter(({ start, end }) => !text.slice(start, end).endsWith('EXAMPLE'));
  return isConfiguration(path) ? [...real, ...findNamed(text), ...findUrls(text)] : real;
}

/** `lotse.yaml`, `.env`, `config/.env.production`; not the examples that people copy from. */
export function isConfiguration(path: string): boolean {
  const name = path.split('/').at(-1) ?? '';
  if (name === 'lotse.yaml' || name === 'lotse.yml') return true;
  return (
    /^(?:.*\.)?env(?:\..*)?$|^\.env/.test(name) && !/\.(?:example|sample|template|dist|defaults?|schema)$/.test(name)
  );
}

function findNamed(text: string): readonly Match[] {
  return [...text.matchAll(named)].flatMap((match) => {
    const [whole, name = '', , value = ''] = match;
    if (!secretName.test(name) || placeholder.test(value) || /^[[{|>]/.test(value)) return [];
    const start = match.index + whole.lastIndexOf(value);
    return [{ rule: `value of ${name}`, start, end: start + value.length }];
  });
}

function findUrls(text: string): readonly Match[] {
  return [...text.matchAll(urlWithPassword)].flatMap((match) => {
    const [whole, password = ''] = match;
    if (placeholder.test(password)) return [];
    return [{ rule: 'password in a URL', start: match.index, end: match.index + whole.length }];
  });
}
