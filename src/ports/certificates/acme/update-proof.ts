import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DnsProofDefinition } from '../../../manifest/app-manifest.ts';
import { CertificateRefused } from '../certificates.ts';
import type { AcmeProof, ShownChallenge } from './acme-proof.ts';
import { updateZone, type DnsServer } from './dns-update.ts';
import { dnsResolver, type NameLookup } from './name-lookup.ts';
import { readTsigKey } from './tsig.ts';

export type UpdateDefinition = Extract<DnsProofDefinition, { readonly kind: 'rfc2136' }>;

export interface UpdateProofOptions extends UpdateDefinition {
  readonly lookup: NameLookup;
  /** Errors: CertificateRefused for a file that may not be read. */
  readonly allowFile: (file: string) => Promise<void>;
  /** How long all servers of the zone may take until they show the record, in milliseconds. */
  readonly spreadMs?: number;
}

const lookEveryMs = 500;
const defaultSpreadMs = 120_000;

/** DNS-01 (RFC 8555 section 8.4) by signed dynamic updates (RFC 2136, RFC 8945). */
export function updateProof(options: UpdateProofOptions): AcmeProof {
  const change = async (kind: 'add' | 'remove', { name, answer }: ShownChallenge, signal: AbortSignal) => {
    await options.allowFile(options.keyFile);
    const key = await readTsigKey(options.keyFile);
    const server = await serverOf(options);
    const record = { kind, zone: options.zone, name: recordName(name), value: answer, ttlS: options.ttlS };
    const problem = await updateZone(server, key, record, signal);
    if (problem === null) return server;
    throw refused(`The DNS server ${options.server} did not ${kind} ${record.name} in ${options.zone}: ${problem}.`);
  };
  return {
    type: 'dns-01',
    async present(challenge, signal) {
      const server = await change('add', challenge, signal);
      await untilSeen(options, server, challenge, signal);
    },
    async remove(challenge) {
      await change('remove', challenge, new AbortController().signal);
    },
  };
}

export function recordName(name: string): string {
  return `_acme-challenge.${name}`;
}

/** The primary, and those of the zone's other servers that answer: an authority may ask any of them. */
async function untilSeen(
  { zone, lookup, spreadMs = defaultSpreadMs }: UpdateProofOptions,
  primary: DnsServer,
  { name, answer }: ShownChallenge,
  signal: AbortSignal,
): Promise<void> {
  const main = addressText(primary);
  const waiting = new Set([main, ...(await othersOf(zone, main, lookup))]);
  const deadlineMs = performance.now() + spreadMs;
  while (waiting.size > 0) {
    for (const server of waiting) {
      const state = await look(server, recordName(name), answer);
      if (state === 'seen' || (state === 'silent' && server !== main)) waiting.delete(server);
    }
    if (waiting.size === 0) return;
    if (performance.now() > deadlineMs || signal.aborted) {
      throw refused(
        `${[...waiting].join(', ')} does not show the TXT record ${recordName(name)} after ${spreadMs / 1000} s.`,
      );
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function othersOf(zone: string, main: string, lookup: NameLookup): Promise<readonly string[]> {
  const names = await dnsResolver(main)
    .resolveNs(zone)
    .catch(() => []);
  const addresses = (await Promise.all(names.map((name) => lookup.addresses(name)))).flat();
  return addresses.map((host) => addressText({ host, port: 53 })).filter((server) => server !== main);
}

async function look(server: string, record: string, answer: string): Promise<'seen' | 'missing' | 'silent'> {
  try {
    const found = await dnsResolver(server).resolveTxt(record);
    return found.some((parts) => parts.join('') === answer) ? 'seen' : 'missing';
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
    return code === 'ENOTFOUND' || code === 'ENODATA' ? 'missing' : 'silent';
  }
}

async function serverOf({ server, lookup }: UpdateProofOptions): Promise<DnsServer> {
  const [, bracketed, plain = '', port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(server) ?? [];
  const host = bracketed ?? plain;
  const address = isIP(host) === 0 ? (await lookup.addresses(host))[0] : host;
  if (address === undefined) throw refused(`The DNS server ${server} leads nowhere: the DNS has no address for it.`);
  return { host: address, port: port === undefined ? 53 : Number(port) };
}

function addressText({ host, port }: DnsServer): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function refused(message: string): CertificateRefused {
  const hint = 'Look at `tls.dns.rfc2136` in lotse.yaml, and at the log of the DNS server.';
  return new CertificateRefused('unreachable', message, { hint, isOwnFinding: true });
}
