/** Names of apps, services, jobs, stores and environments: one lower-case DNS label (RFC 1123) that starts with a letter. */
export const namePattern = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** Names of config values and secrets: what POSIX calls a portable variable name, at most 80 characters. */
export const variablePattern = /^[A-Za-z_][A-Za-z0-9_]{0,79}$/;

/** At least two labels, lower case, no port, no scheme, no wildcard; other alphabets as `xn--…` (RFC 5890). */
export const domainPattern =
  /^(?=.{3,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Words that mean something else where a name could stand. */
export const reservedNames: readonly string[] = ['all', 'any', 'control', 'localhost', 'lotse', 'none', 'verify'];

/** The environment that is always there: the working tree. */
export const devEnvironment = 'dev';

/** Stands where an environment could: the place of secrets that builds are given, which belong to no environment. */
export const buildPlace = 'build';

/** Of a secret that a job rotates: the variable, and the secret, that holds the new value until it is in force. */
export function successorOf(secret: string): string {
  return `NEW_${secret}`;
}

/** What a variable is needed for already; null when the app may use it. */
export function reservedVariable(name: string): string | null {
  if (name === 'PORT') return 'Lotse tells each web service its port by it';
  if (name === 'BASE_URL') return 'it tells the verification where the app answers';
  if (name.startsWith('LOTSE_')) return 'names that begin with LOTSE_ are Lotse’s own';
  return null;
}
