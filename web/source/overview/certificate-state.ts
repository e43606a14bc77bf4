import type { CertificateView } from '../../../src/capabilities/certificates/certificates-api.ts';

const dayMs = 86_400_000;
/** With less than so much left, people want to know that the next one is on its way. */
const soonMs = 14 * dayMs;

/** Why a certificate matters to people now; null: it is served, and the next one comes in time. */
export type Concern = 'ended' | 'problem' | 'waiting' | 'soon';

export function concernOf(certificate: CertificateView, now: number): Concern | null {
  const { state, problem, validUntil } = certificate;
  if (state === 'ended' || (validUntil !== null && validUntil <= now)) return 'ended';
  if (problem !== null) return 'problem';
  if (state === 'waiting') return 'waiting';
  return validUntil !== null && validUntil - now < soonMs ? 'soon' : null;
}
