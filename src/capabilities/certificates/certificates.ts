import type { Scope, UnixMs } from '../../core/ids.ts';
import type { CertificateSource, DnsProofDefinition, TlsDefinition } from '../../manifest/app-manifest.ts';

/** What certificates there should be, when the next one is asked for, and what browsers are told. All of it pure. */

/** An environment as its accepted definition says. */
export interface SecuredEnvironment extends Scope {
  readonly domains: readonly string[];
  readonly tls: TlsDefinition;
}

export interface WantedCertificate extends Scope {
  /** The first of `names`: what it is called. */
  readonly name: string;
  readonly names: readonly string[];
  readonly request: WantedFrom;
}

type WantedFrom =
  | { readonly kind: 'acme'; readonly dns: DnsProofDefinition | null }
  | { readonly kind: 'local' }
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string };

/** A failed attempt, as far as the next one depends on it. */
export interface Refusal {
  readonly retryAfterMs: number | null;
  /** The authority was not troubled with it. */
  readonly isOwnFinding: boolean;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const longestWaitMs = 12 * hour;
const longestOwnWaitMs = 15 * minute;

/** One for each domain, but files are one for all; the first environment that names a domain has it. */
export function wantedCertificates(environments: readonly SecuredEnvironment[]): readonly WantedCertificate[] {
  const wanted = new Map<string, WantedCertificate>();
  for (const each of environments.flatMap(wantedBy)) if (!wanted.has(each.name)) wanted.set(each.name, each);
  return [...wanted.values()];
}

function wantedBy({ app, environment, domains, tls: { source } }: SecuredEnvironment): readonly WantedCertificate[] {
  const [first] = domains;
  if (source.kind === 'off' || first === undefined) return [];
  if (source.kind === 'files') return [{ app, environment, name: first, names: domains, request: source }];
  const heads = domains.filter((domain) => !isBelowAnother(domain, domains, source));
  return heads.map((domain) => ({ app, environment, ...oneFor(domain, source) }));
}

type OwnSource = Extract<CertificateSource, { readonly kind: 'automatic' | 'local' }>;

/** The wildcard of another domain covers it. */
function isBelowAnother(domain: string, domains: readonly string[], source: OwnSource): boolean {
  return source.kind === 'automatic' && source.wildcard && domains.includes(parentOf(domain));
}

function oneFor(domain: string, source: OwnSource): Pick<WantedCertificate, 'name' | 'names' | 'request'> {
  if (source.kind === 'local' || isPrivateName(domain)) {
    return { name: domain, names: [domain, `*.${domain}`], request: { kind: 'local' } };
  }
  const names = source.wildcard ? [domain, `*.${domain}`] : [domain];
  return { name: domain, names, request: { kind: 'acme', dns: source.dns } };
}

function parentOf(domain: string): string {
  return domain.slice(domain.indexOf('.') + 1);
}

/** Names that no public authority gives a certificate for (RFC 6761, 6762, 8375, and `.internal`). */
export function isPrivateName(name: string): boolean {
  return /(?:^|\.)(?:localhost|test|internal|local|invalid|home\.arpa)$/.test(name) || isAddress(name);
}

function isAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(':');
}

/** Names below `.localhost` are always this machine, in every browser. */
export function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

/** Does a certificate with these names serve `name`? A `*` stands for one label. */
export function covers(names: readonly string[], name: string): boolean {
  return names.includes(name) || (!name.startsWith('*.') && names.includes(`*.${parentOf(name)}`));
}

/** At two thirds of its life, and up to a thirtieth of it earlier, so that not all come at once. `chance` is in [0, 1). */
export function renewalAt(validFrom: UnixMs, validUntil: UnixMs, chance: number): UnixMs {
  const lifeMs = validUntil - validFrom;
  return Math.round(validFrom + (lifeMs * 2) / 3 - (lifeMs / 30) * chance);
}

/** After the n-th failure in a row: a minute, then twice as long each time, up to 12 hours; later when the authority says so. */
export function retryAt(failures: number, now: UnixMs, refusal: Refusal, chance: number): UnixMs {
  const longest = refusal.isOwnFinding ? longestOwnWaitMs : longestWaitMs;
  const waitMs = Math.min(longest, minute * 2 ** Math.min(failures - 1, 20)) * (0.9 + chance / 10);
  return now + Math.round(Math.max(waitMs, refusal.retryAfterMs ?? 0));
}

/**
 * For how long browsers may remember to come by TLS alone, in seconds. Whoever turned TLS off again, or let a
 * certificate end, would lock visitors out for that long: so it grows only while certificates prove to come.
 */
export function hstsS(
  wish: TlsDefinition['hstsMs'],
  domains: readonly string[],
  course: { readonly servedSince: UnixMs; readonly renewals: number },
  now: UnixMs,
): number {
  if (domains.some(isPrivateName)) return 0;
  if (wish !== null) return Math.floor(wish / 1000);
  const servedMs = now - course.servedSince;
  if (servedMs < day) return 0;
  if (servedMs < 7 * day) return day / 1000;
  return (course.renewals === 0 ? 30 * day : 365 * day) / 1000;
}
