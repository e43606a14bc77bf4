import type { UnixMs } from '../../core/ids.ts';
import type { CertificateView } from './certificates-api.ts';
import type { FrontCertificate } from './front-certificates.ts';

/** A certificate as people see it. */
export function certificateView(
  { wanted, record, isTrying }: FrontCertificate & { readonly isTrying: boolean },
  now: UnixMs,
): CertificateView {
  const held = record?.held ?? null;
  const { name, names, app, environment, request } = wanted;
  return {
    ...{ name, names: [...names], app, environment },
    issuer: request.kind,
    state: held === null ? 'waiting' : held.validUntil > now ? 'served' : 'ended',
    fingerprint: held?.fingerprint ?? null,
    validFrom: held?.validFrom ?? null,
    validUntil: held?.validUntil ?? null,
    renewAt: record?.renewAt ?? null,
    trying: isTrying,
    problem: record?.problem ?? null,
    hint: record?.hint ?? null,
    failures: record?.failures ?? 0,
    nextTryAt: record?.nextTryAt ?? null,
  };
}
