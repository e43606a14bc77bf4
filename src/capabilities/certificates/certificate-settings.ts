import { readFileSync } from 'node:fs';
import { LotseError } from '../../core/errors.ts';

/** Options of the control plane about certificates, as `parseArgs` takes them. */
export const certificateOptions = {
  'front-tls-port': { type: 'string' },
  'acme-directory': { type: 'string', default: 'https://acme-v02.api.letsencrypt.org/directory' },
  'acme-email': { type: 'string' },
  'acme-http-port': { type: 'string', default: '80' },
  'acme-dns-server': { type: 'string' },
  'tls-roots': { type: 'string' },
  'tls-files': { type: 'string', multiple: true },
} as const;

export interface CertificateSettings {
  /** Shared front port for TLS; null: no TLS here. */
  readonly tlsPort: number | null;
  /** Null: nobody has agreed to the terms of an authority. */
  readonly acme: {
    readonly directory: string;
    readonly email: string;
    readonly httpPort: number;
    readonly dnsServer: string | null;
  } | null;
  /** Roots (PEM) beside the system's that certificates served here, and whatever is asked by TLS, may lead to. */
  readonly extraRoots: readonly string[];
  /** Below which a manifest may name files and programs of the server. */
  readonly fileFolders: readonly string[];
}

type Values = {
  readonly [Name in keyof typeof certificateOptions]?: Name extends 'tls-files' ? string[] : string;
};

/** Errors: `bad-input`. */
export function readCertificateSettings(values: Values): CertificateSettings {
  const port = values['front-tls-port'];
  const email = values['acme-email'];
  const directory = values['acme-directory'] ?? '';
  if (email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(email)) throw badOption('--acme-email', 'a mail address', email);
  if (!URL.canParse(directory)) throw badOption('--acme-directory', 'a URL', directory);
  const roots = values['tls-roots'];
  const acme = {
    directory,
    httpPort: portOf('--acme-http-port', values['acme-http-port'] ?? '80'),
    dnsServer: values['acme-dns-server'] ?? null,
  };
  return {
    tlsPort: port === undefined ? null : portOf('--front-tls-port', port),
    acme: email === undefined ? null : { ...acme, email },
    extraRoots: roots === undefined ? [] : [readRoots(roots)],
    fileFolders: values['tls-files'] ?? ['/etc/lotse'],
  };
}

function portOf(option: string, written: string): number {
  const port = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  if (port > 0 && port < 65_536) return port;
  throw badOption(option, 'a port from 1 to 65535', written);
}

function readRoots(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new LotseError('bad-input', `--tls-roots: ${file} cannot be read.`, { cause });
  }
}

function badOption(option: string, expected: string, found: string): LotseError {
  return new LotseError('bad-input', `${option} takes ${expected}, not ${JSON.stringify(found)}.`);
}
