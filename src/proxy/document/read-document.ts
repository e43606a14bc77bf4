import { isIP } from 'node:net';
import { LotseError } from '../../core/errors.ts';
import { lateThresholds } from '../../core/routing-document.ts';
import type { RoutingDocument } from '../../core/routing-document.ts';
import { fillFirstForm } from './first-form.ts';
import { inPresentForm } from './present-form.ts';

/** Checks that a value from outside is a routing document, down to the last field. By hand: a schema library would cost the proxy memory for its whole life. */
export function readDocument(given: unknown): RoutingDocument {
  const value = fillFirstForm(given);
  const problem = findProblem(value);
  if (problem !== null) throw new LotseError('bad-input', `the routing document is not valid: ${problem}`);
  // The one place where the shape, checked above, becomes the type.
  // parsed: every field was checked by `findProblem`
  return inPresentForm(value as RoutingDocument);
}

type Check = (value: unknown, at: string) => string | null;

const check = {
  text: is((value) => typeof value === 'string', 'a text'),
  name: is(
    (value) => typeof value === 'string' && /^[^\s/\p{Cc}]{1,200}$/u.test(value),
    'a name without spaces and slashes',
  ),
  label: is(
    (value) => typeof value === 'string' && /^[A-Za-z0-9_.-]{1,128}$/.test(value),
    'letters, digits, `.`, `_` and `-`',
  ),
  domain: is((value) => typeof value === 'string' && /^[a-z0-9_.[\]:-]{1,253}$/.test(value), 'a lower-case name'),
  count: is((value) => Number.isSafeInteger(value) && Number(value) >= 0, 'a whole number from 0'),
  positive: is((value) => Number.isSafeInteger(value) && Number(value) > 0, 'a whole number from 1'),
  port: is(
    (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535,
    'a port from 1 to 65535',
  ),
  permille: is(
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 1000,
    'a whole number from 0 to 1000',
  ),
  ip: is((value) => typeof value === 'string' && isIP(value) !== 0, 'an IP address'),
  headerName: is(
    (value) => typeof value === 'string' && /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(value),
    'a lower-case header name',
  ),
  dnsLabel: is(
    (value) => typeof value === 'string' && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value),
    'a lower-case DNS label',
  ),
  certificateName: is(
    (value) => typeof value === 'string' && /^(\*\.)?[a-z0-9_.:-]{1,253}$/.test(value),
    'a lower-case name, or `*.` and one',
  ),
  network: is(isNetwork, 'an IP address or a network such as 10.0.0.0/8'),
  token: is(
    (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{1,200}$/.test(value),
    'letters, digits, `_` and `-`',
  ),
  pem: is((value) => typeof value === 'string' && value.startsWith('-----BEGIN '), 'PEM text'),
  path: is((value) => typeof value === 'string' && /^\/[!-~]*$/.test(value), 'a path that starts with `/`'),
  key: is(
    (value) => typeof value === 'string' && /^([0-9a-f]{2}){16,}$/i.test(value),
    'a hexadecimal key of at least 16 bytes',
  ),
};

function isNetwork(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const [ip = '', bits, ...rest] = value.split('/');
  const family = isIP(ip);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function is(test: (value: unknown) => boolean, expected: string): Check {
  return (value, at) => (test(value) ? null : `${at} should be ${expected}`);
}

function oneOf(...allowed: readonly unknown[]): Check {
  return is((value) => allowed.includes(value), `one of ${allowed.join(', ')}`);
}

function orNull(inner: Check): Check {
  return (value, at) => (value === null ? null : inner(value, at));
}

function optional(inner: Check): Check {
  return (value, at) => (value === undefined ? null : inner(value, at));
}

function list(inner: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at} should be a list`;
    for (const [index, element] of value.entries()) {
      const problem = inner(element, `${at}[${index}]`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

function record(fields: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    if (typeof value !== 'object' || value === null) return `${at} should be an object`;
    for (const [name, inner] of Object.entries(fields)) {
      const problem = inner(Reflect.get(value, name), at === '' ? name : `${at}.${name}`);
      if (problem !== null) return problem;
    }
    return null;
  };
}

const address = record({ host: check.ip, port: check.port });

/** A union whose members are told apart by `kind`. */
function byKind(kinds: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    const problem = record({ kind: oneOf(...Object.keys(kinds)) })(value, at);
    if (problem !== null || typeof value !== 'object' || value === null) return problem;
    return kinds[String(Reflect.get(value, 'kind'))]?.(value, at) ?? null;
  };
}

const mode = byKind({
  serving: record({}),
  maintenance: record({ retryAfterS: check.count, message: check.text }),
  paused: record({ maxHeld: check.count, maxHoldMs: check.count }),
  adopted: record({ address }),
});

const stickiness = byKind({
  cookie: record({}),
  header: record({ name: check.headerName }),
  address: record({}),
  none: record({}),
});

/** Before there could be several, a service had one threshold or null. */
function thresholds(value: unknown, at: string): string | null {
  if (value === null) return null;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > lateThresholds) return `${at} should have at most ${lateThresholds} thresholds`;
  for (const [index, threshold] of list.entries()) {
    const problem = check.positive(threshold, `${at}[${index}]`);
    if (problem !== null) return problem;
    if (index > 0 && Number(threshold) <= Number(list[index - 1])) return `${at} should ascend`;
  }
  return null;
}

const service = record({
  service: check.name,
  path: check.path,
  stickiness,
  instances: list(record({ slot: check.count, address, state: oneOf('accepting', 'draining'), drainMs: check.count })),
  internalPort: orNull(check.port),
  lateAfterMs: thresholds,
  assets: orNull(check.path),
  readyPath: orNull(check.path),
});

const revision = record({
  revision: check.label,
  release: check.dnsLabel,
  pinnedPort: orNull(check.port),
  inner: optional(record({ host: check.ip, network: check.network, publicPort: orNull(check.port) })),
  services: list(service),
});

const environment = record({
  app: check.name,
  environment: check.name,
  domains: list(check.domain),
  port: orNull(check.port),
  mode,
  epoch: check.count,
  salt: check.text,
  shares: list(record({ revision: check.label, permille: check.permille })),
  revisions: list(revision),
  previewDomains: list(check.domain),
  https: orNull(record({ hstsS: check.count })),
});

const certificate = record({ names: list(check.certificateName), chainPem: check.pem, keyPem: check.pem });

const flagReader = record({ app: check.name, environment: check.name, key: check.token });

const shape = record({
  format: oneOf(1),
  fence: check.count,
  version: check.count,
  probeKey: check.key,
  frontPort: orNull(check.port),
  frontHost: check.ip,
  tls: orNull(record({ port: check.port, certificates: list(certificate) })),
  challenges: list(record({ token: check.token, keyAuthorization: check.text })),
  trustedProxies: list(record({ network: check.network, protocol: oneOf('http', 'proxy-v2') })),
  accessLogPermille: check.permille,
  flags: optional(record({ address, environments: list(flagReader) })),
  environments: list(environment),
});

function findProblem(value: unknown): string | null {
  const problem = shape(value, '');
  // parsed: without a problem of shape it is one
  return problem ?? findContradiction(value as RoutingDocument);
}

/** What each field alone cannot tell. */
function findContradiction(document: RoutingDocument): string | null {
  const seen = new Set<string>();
  const isRepeated = (key: string) => seen.size === seen.add(key).size;
  for (const port of [document.frontPort, document.tls?.port ?? null])
    if (port !== null && isRepeated(`port ${port}`)) return `port ${port} is used twice`;
  for (const environment of document.environments) {
    const at = `${environment.app}/${environment.environment}`;
    if (isRepeated(at)) return `${at} is there twice`;
    for (const domain of environment.domains)
      if (isRepeated(`domain ${domain}`)) return `domain ${domain} is there twice`;
    const sum = environment.shares.reduce((total, share) => total + share.permille, 0);
    if (environment.shares.length > 0 && sum !== 1000) return `the shares of ${at} sum to ${sum}, not to 1000`;
    const revisions = new Set(environment.revisions.map((routed) => routed.revision));
    const unknown = environment.shares.find((share) => !revisions.has(share.revision));
    if (unknown !== undefined) return `${at} has a share for ${unknown.revision}, which is not among its revisions`;
    if (revisions.size < environment.revisions.length) return `${at} has a revision twice`;
    const ports = [
      environment.port,
      ...new Set(environment.revisions.map((routed) => routed.inner?.publicPort ?? null)),
      ...environment.revisions.flatMap((routed) => [routed.pinnedPort, ...routed.services.map((s) => s.internalPort)]),
    ];
    for (const port of ports) if (port !== null && isRepeated(`port ${port}`)) return `port ${port} is used twice`;
  }
  return null;
}
