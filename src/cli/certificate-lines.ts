import type { CertificateView } from '../capabilities/certificates/certificates-api.ts';
import { formatAgo, formatTime, type Output } from './output.ts';
import { harmless } from './text-layout.ts';

/** One row of `lotse certificates`. */
export function certificateRow(certificate: CertificateView, out: Output): readonly string[] {
  const { name, names, issuer, validUntil } = certificate;
  const further = names.filter((each) => each !== name);
  return [
    out.paint(name, 'bold') + (further.length === 0 ? '' : ` ${further.join(' ')}`),
    `${certificate.app}/${certificate.environment}`,
    issuerWords[issuer],
    validUntil === null ? out.paint('none yet', 'yellow') : formatTime(validUntil),
    renewalOf(certificate, out),
  ];
}

const issuerWords: Readonly<Record<CertificateView['issuer'], string>> = {
  acme: 'authority',
  local: 'development CA',
  files: 'files',
};

function renewalOf({ trying, renewAt, issuer, nextTryAt, problem }: CertificateView, out: Output): string {
  if (trying && issuer !== 'files') return out.paint('being asked for', 'yellow');
  if (problem !== null && issuer === 'files') return out.paint('when the files fit', 'yellow');
  if (problem !== null && nextTryAt !== null) return out.paint(`next try ${formatTime(nextTryAt)}`, 'yellow');
  if (issuer === 'files') return 'when the files change';
  return renewAt === null ? '' : formatTime(renewAt);
}

/** What keeps a certificate away, with what to do: for `lotse certificates` and `lotse status`. */
export function problemLines(certificates: readonly CertificateView[], out: Output, nowMs: number): readonly string[] {
  return certificates.flatMap((certificate) => {
    const { name, problem, hint, state, validUntil } = certificate;
    const served =
      state === 'waiting'
        ? 'no certificate yet'
        : state === 'ended'
          ? `its certificate ended ${formatAgo(validUntil ?? nowMs, nowMs)}, and browsers warn`
          : 'the one before is served on';
    if (problem === null && state !== 'ended') return [];
    const sentence = problem === null ? '' : ` ${harmless(problem)}`;
    const mark = out.paint(out.symbols.warning, 'yellow');
    const line = `${mark} ${name}: ${served}.${sentence}`;
    return hint === null ? [line] : [line, `  ${out.paint(harmless(hint), 'dim')}`];
  });
}
