const secretName =
  /(?:^|_)(?:PASS|PASSWORD|PASSWD|PASSPHRASE|PWD|SECRETS?|TOKENS?|KEY|KEYS|APIKEY|CREDENTIALS?|DSN|SALT|PEPPER|AUTH|CERT|CERTIFICATE|PRIVATE|WEBHOOK|COOKIE)(?:_|$)/;
/** Written together: MYSQL_ROOTPASSWORD, authToken. */
const secretPart = /PASSWORD|PASSWD|SECRET|TOKEN|APIKEY|PRIVATEKEY|ACCESSKEY|CREDENTIAL/;
/** Say where a secret lies or how long it lasts, and are none. */
const aboutSecret = /_(?:EXPIRY|EXPIRES(?:_IN)?|TTL|LIFETIME|ALGORITHM|LENGTH|ENABLED|NAME|HEADER|ISSUER)$/;

const knownForms: readonly RegExp[] = [
  /-----BEGIN/,
  /^(?:sk|pk|rk)[_-](?:live|test|proj|ant)?[_-]?\w{8,}/,
  /^(?:ghp|gho|ghs|ghu|github_pat|glpat|xox[abeprs]|shpat|npm|dop_v1|hvs|pypi)[_-]/,
  /^(?:AKIA|ASIA)[A-Z0-9]{16}$/,
  /^AIza[\w-]{30,}/,
  /^eyJ[\w-]+\.[\w-]+/,
  /^\$2[aby]\$\d\d\$/,
  /(?:^|[;&?\s])(?:password|pwd|accountkey|sharedaccesskey|access_token|token|api_?key|secret|sig)=[^;&\s]/i,
];

/** Would one regret to see it in a repository? Rather once too often: then it is only a name to be filled in. */
export function looksSecret(name: string, value: string | null): boolean {
  return isSecretName(name) || (value !== null && isSecretValue(value));
}

export function isSecretName(name: string): boolean {
  if (name === 'PWD') return false; // the working folder of a shell
  const upper = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  return (secretName.test(upper) || secretPart.test(upper)) && !aboutSecret.test(upper);
}

export function isSecretValue(value: string): boolean {
  if (hasPassword(value) || knownForms.some((form) => form.test(value))) return true;
  const words = value.split(/[\s,;='"]+/);
  return words.some((word) => isRandom(word));
}

/** `postgres://app:word@db/app`, anywhere in the text. */
function hasPassword(value: string): boolean {
  return /[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]*:[^\s/?#]*@/i.test(value);
}

/** Long, and letters mixed with digits as no person writes them. */
function isRandom(word: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(word)) return /[a-f]/i.test(word) && /\d/.test(word);
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)) return false; // a UUID names something
  if (!/^[A-Za-z0-9+/_-]{24,}={0,2}$/.test(word)) return false;
  if (/^(?:[a-z]+|\d+)(?:[/_-](?:[a-z]+|\d+))*$/i.test(word)) return false; // words: a path, a slug, a UUID of words
  const changes = [...word.matchAll(/[A-Z](?=[a-z])|[a-z](?=[A-Z0-9])|\d(?=[A-Za-z])/g)].length;
  return changes >= 6;
}
