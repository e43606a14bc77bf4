import { parseDurationMs } from '../../core/quantities.ts';
import type { CertificateSource, DnsProofDefinition, TlsDefinition } from '../app-manifest.ts';
import { defaults } from '../defaults.ts';
import type { WrittenTls } from '../schema/tls.ts';
import type { Context } from './context.ts';
import { reportMeaning } from './context.ts';

type Long = Exclude<WrittenTls, string>;

const automatic = { kind: 'automatic', wildcard: false, dns: null } as const;

export function normalizeTls(
  written: WrittenTls | undefined,
  path: readonly string[],
  context: Context,
): TlsDefinition {
  const long = typeof written === 'object' ? written : {};
  checkTls(long, path, context);
  return { source: sourceOf(written), redirects: long.redirect ?? true, hstsMs: hstsOf(long.hsts) };
}

function sourceOf(written: WrittenTls | undefined): CertificateSource {
  if (written === undefined || written === 'automatic') return automatic;
  if (typeof written === 'string') return { kind: written };
  const { certificate, key, wildcard = false } = written;
  if (certificate !== undefined && key !== undefined) return { kind: 'files', certificate, key };
  return { kind: 'automatic', wildcard, dns: written.dns === undefined ? null : dnsOf(written.dns) };
}

/** The schema sees to it that one of them is there. */
function dnsOf({ rfc2136, script }: NonNullable<Long['dns']>): DnsProofDefinition | null {
  if (script !== undefined) return { kind: 'script', argv: script };
  if (rfc2136 === undefined) return null;
  const { server, zone, key: keyFile, ttl = parseDurationMs(defaults.dnsTtl) } = rfc2136;
  return { kind: 'rfc2136', server, zone, keyFile, ttlS: Math.ceil(ttl / 1000) };
}

function hstsOf(written: Long['hsts']): number | null {
  if (written === undefined) return null;
  return written === 'off' ? 0 : written;
}

/** What each key alone cannot tell. */
function checkTls({ certificate, key, wildcard, dns }: Long, path: readonly string[], context: Context): void {
  const report = (name: string, message: string): void => reportMeaning(context, [...path, name], message, 'key');
  if (certificate !== undefined && key === undefined) report('certificate', '`certificate` needs the `key` beside it');
  if (certificate === undefined && key !== undefined) report('key', '`key` needs the `certificate` beside it');
  if (certificate !== undefined && wildcard !== undefined) {
    report('wildcard', '`wildcard` is for certificates that come by themselves; here the file says which names it has');
  }
  if (certificate !== undefined && dns !== undefined) {
    report('dns', '`dns` is for certificates that come by themselves, and here they are files');
  }
  if (certificate === undefined && wildcard === true && dns === undefined) {
    report('wildcard', 'a wildcard can only be shown by DNS records: say how under `dns`');
  }
}
