import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { certificateOptions, readCertificateSettings } from './capabilities/certificates/certificate-settings.ts';
import { readSecretSource, secretOptions } from './capabilities/secrets/secret-settings.ts';
import type { PortRange } from './capabilities/releases/port-rows.ts';
import { LotseError } from './core/errors.ts';

/** What `main.ts serve` is told. */
export interface ServeOptions {
  readonly stateDir: string;
  readonly host: string;
  readonly port: number;
  readonly frontPort: number;
  readonly frontHost: string;
  /** Each environment answers on a port of its own, too. */
  readonly environmentPorts: PortRange;
  readonly certificates: ReturnType<typeof readCertificateSettings>;
  readonly secretSource: ReturnType<typeof readSecretSource>;
  readonly dockerHost: string;
  readonly webFolder: string;
  /** Where people reach the API and the dashboard, when a reverse proxy with TLS stands before them: `https://lotse.example`. */
  readonly publicUrl: string | null;
  /** `up`: an interrupt stops everything that runs; otherwise app and proxy go on serving. */
  readonly stopsAll: boolean;
  /** A service manager runs it: the proxy is a unit of its own, and what is printed, which it logs, holds nothing secret. */
  readonly asUnit: boolean;
}

/** From the command line of main.ts. Errors: `bad-input`, and those of parseArgs. */
export function readServeOptions(env: NodeJS.ProcessEnv): ServeOptions {
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: 'string', default: '.lotse' },
      listen: { type: 'string', default: '127.0.0.1:7700' },
      'front-port': { type: 'string', default: '8080' },
      'front-host': { type: 'string', default: '127.0.0.1' },
      'environment-ports': { type: 'string', default: '8101-8199' },
      web: { type: 'string', default: join(import.meta.dirname, '../web/dist') },
      docker: { type: 'string', default: env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock' },
      'public-url': { type: 'string' },
      'stop-all-on-exit': { type: 'boolean', default: false },
      'as-unit': { type: 'boolean', default: false },
      ...certificateOptions,
      ...secretOptions,
    },
  });
  const [host = '', port = ''] = values.listen.split(/:(?=\d+$)/);
  return {
    ...{ stateDir: resolve(values.state), host, port: Number(port), webFolder: values.web },
    ...{ frontPort: Number(values['front-port']), frontHost: values['front-host'] },
    environmentPorts: readPortRange(values['environment-ports']),
    certificates: readCertificateSettings(values),
    secretSource: readSecretSource(values.secrets, env),
    dockerHost: values.docker,
    publicUrl: readPublicUrl(values['public-url']),
    ...{ stopsAll: values['stop-all-on-exit'], asUnit: values['as-unit'] },
  };
}

/** Errors: `bad-input`. */
function readPortRange(written: string): PortRange {
  const [, first = '', last = ''] = /^(\d{1,5})-(\d{1,5})$/.exec(written) ?? [];
  const range = [Number(first), Number(last)] as const;
  if (range[0] > 0 && range[0] <= range[1] && range[1] <= 65_535) return range;
  throw new LotseError('bad-input', `--environment-ports takes FIRST-LAST, not ${JSON.stringify(written)}`, {
    hint: 'For example --environment-ports 8101-8199.',
  });
}

/** The origin alone. Errors: `bad-input`. */
function readPublicUrl(written: string | undefined): string | null {
  if (written === undefined) return null;
  const url = URL.parse(written);
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') return url.origin;
  throw new LotseError('bad-input', `--public-url takes an address without a path, not ${JSON.stringify(written)}`, {
    hint: 'It looks like https://lotse.example.',
  });
}
