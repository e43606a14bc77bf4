import type { CertificateView } from '../../capabilities/certificates/certificates-api.ts';
import { Client, type Connection } from '../client.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { count } from '../output.ts';
import { harmless } from '../text-layout.ts';
import { fail, ok, warn, type Check } from './check.ts';

const dayMs = 86_400_000;

/** Certificates that the control plane keeps. None where it may not be asked: that is said elsewhere. */
export async function checkCertificates(connection: Connection, nowMs: number): Promise<readonly Check[]> {
  const list = await controlPlaneCalls.certificates(new Client(connection)).catch(() => null);
  return list === null || list.certificates.length === 0 ? [] : judgeCertificates(list.certificates, nowMs);
}

/** One line when all are well; else one for each that is not. */
export function judgeCertificates(certificates: readonly CertificateView[], nowMs: number): readonly Check[] {
  const bad = certificates.flatMap((each) => judge(each, nowMs));
  return bad.length > 0 ? bad : [ok('certificates', `${count(certificates.length, 'certificate')}, all in time`)];
}

function judge({ name, state, validUntil, problem, hint }: CertificateView, nowMs: number): readonly Check[] {
  const label = `certificate ${name}`;
  const advice = harmless(hint ?? '`lotse certificates` shows it all');
  const why = problem === null ? '' : `: ${harmless(problem)}`;
  if (state === 'ended') return [fail(label, `has ended, and browsers warn${why}`, advice)];
  if (state === 'waiting' && problem !== null) return [fail(label, `there is none yet${why}`, advice)];
  const daysLeft = validUntil === null ? null : Math.floor((validUntil - nowMs) / dayMs);
  if (daysLeft !== null && daysLeft < 14) return [warn(label, `ends in ${count(daysLeft, 'day')}${why}`, advice)];
  return problem === null ? [] : [warn(label, `the next one did not come${why}`, advice)];
}
