import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startProgram } from '../../src/ports/certificates/fixtures/running-program.ts';

export type FrontProgram = 'nginx' | 'haproxy';

export interface HttpsFront {
  /** As the control plane is told by `--public-url`. */
  readonly url: string;
  /** Of the authority that has signed its certificate, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
}

interface Wishes {
  readonly program: FrontProgram;
  /** Where it keeps its files. */
  readonly folder: string;
  /** It listens there, and on 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  /** Of the control plane, `http://127.0.0.1:7700`. */
  readonly to: string;
}

/** What ends TLS before a control plane, set up as docs/guides/access.md says. */
export async function startHttpsFront(t: Pick<TestContext, 'after'>, wishes: Wishes): Promise<HttpsFront> {
  const { program, folder, host, port } = wishes;
  mkdirSync(folder, { recursive: true });
  makeCertificate(folder, host);
  const config = join(folder, `${program}.conf`);
  writeFileSync(config, program === 'nginx' ? nginxConfig(wishes) : haproxyConfig(wishes));
  const argv =
    program === 'nginx' ? ['-p', folder, '-c', config, '-e', 'stderr'] : (['-db', '-f', config] as readonly string[]);
  const running = await startProgram([program, ...argv], [port]);
  t.after(async () => await running[Symbol.asyncDispose]());
  return { url: `https://${host}:${port}`, caFile: join(folder, 'ca.pem') };
}

function makeCertificate(folder: string, host: string): void {
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=tests', '-days', '2');
  writeFileSync(join(folder, 'front.ext'), `subjectAltName=IP:${host}`);
  openssl('req', ...key, '-keyout', 'front.key', '-out', 'front.csr', '-subj', '/CN=front');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'front.ext'];
  openssl('x509', '-req', '-in', 'front.csr', '-out', 'front.pem', ...signing);
  const both = ['front.pem', 'front.key'].map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  writeFileSync(join(folder, 'front.both.pem'), both, { mode: 0o600 });
}

function addresses({ host, port }: Wishes): readonly string[] {
  return [...new Set([host, '127.0.0.1'])].map((each) => `${each}:${port}`);
}

function nginxConfig(wishes: Wishes): string {
  const { folder, to } = wishes;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off; master_process off; pid ${folder}/pid; events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  server {
    ${addresses(wishes)
      .map((each) => `listen ${each} ssl;`)
      .join(' ')}
    ssl_certificate ${folder}/front.pem;
    ssl_certificate_key ${folder}/front.key;
    client_max_body_size 0;
    location / {
      proxy_pass ${to};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      proxy_request_buffering off;
    }
  }
}
`;
}

function haproxyConfig(wishes: Wishes): string {
  const { folder, to } = wishes;
  return `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
frontend lotse
  ${addresses(wishes)
    .map((each) => `bind ${each} ssl crt ${folder}/front.both.pem`)
    .join('\n  ')}
  option forwardfor
  http-request set-header X-Forwarded-Proto https
  default_backend lotse
backend lotse
  server lotse ${new URL(to).host}
`;
}
