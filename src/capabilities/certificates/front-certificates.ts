import type { Scope, UnixMs } from '../../core/ids.ts';
import type { RoutedCertificate } from '../../core/routing-document.ts';
import type { SecuredDoor } from '../../ports/certificates/certificates.ts';
import type { CertificateRecord, HeldCertificate } from './certificate-rows.ts';
import { covers, hstsS, isLocalhost, type SecuredEnvironment, type WantedCertificate } from './certificates.ts';

/** A certificate that is wanted, with what is there for it. */
export interface FrontCertificate {
  readonly wanted: WantedCertificate;
  readonly record: CertificateRecord | undefined;
}

/** What the proxy shows: the certificates that are wanted and there, each for names of its own environment only. */
export function routedCertificates(
  certificates: readonly FrontCertificate[],
  environments: readonly SecuredEnvironment[],
): readonly RoutedCertificate[] {
  const taken = new Set<string>();
  return certificates.flatMap(({ wanted, record }) => {
    if (record === undefined || record.held === null) return [];
    const { chainPem, keyPem, names } = record.held;
    const domains = environments.find(same(wanted))?.domains ?? [];
    const own = names.filter((name) => isForOneOf(name, domains) && taken.size < taken.add(name).size);
    return own.length === 0 ? [] : [{ names: own, chainPem, keyPem: keyPem.reveal() }];
  });
}

/** `*.example` of a certificate for a whole company is nothing to answer to with one shop: only what belongs to its domains. */
function isForOneOf(name: string, domains: readonly string[]): boolean {
  return domains.some((domain) => covers([name], domain) || name === `*.${domain}`);
}

/** What TLS gives an environment. Secure: a certificate is there for each of its domains. */
export function securedDoor(
  { domains, tls }: SecuredEnvironment,
  held: readonly CertificateRecord[],
  tlsPort: number | null,
  now: UnixMs,
): SecuredDoor {
  const found = domains.map((domain) => held.find(({ held: own }) => own !== null && covers(own.names, domain)));
  const records = found.filter((record) => record !== undefined);
  const isSecure =
    tlsPort !== null && tls.source.kind !== 'off' && domains.length > 0 && records.length === domains.length;
  const certificates = records.flatMap((record): readonly HeldCertificate[] =>
    record.held === null ? [] : [record.held],
  );
  const hasWildcard = (domain: string) => certificates.some(({ names }) => names.includes(`*.${domain}`));
  const course = {
    servedSince: Math.max(0, ...records.map((record) => record.servedSince ?? now)),
    renewals: Math.min(...records.map((record) => record.renewals)),
  };
  return {
    tlsPort: isSecure ? tlsPort : null,
    https: isSecure && tls.redirects ? { hstsS: hstsS(tls.hstsMs, domains, course, now) } : null,
    previewDomains: domains.filter((domain) => isLocalhost(domain) || (isSecure && hasWildcard(domain))),
  };
}

function same(scope: Scope): (other: Scope) => boolean {
  return (other) => other.app === scope.app && other.environment === scope.environment;
}
