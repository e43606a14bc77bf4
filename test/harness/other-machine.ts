import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Secret } from '../../src/core/secret.ts';
import { DockerEngine } from '../../src/docker-engine/docker-engine.ts';
import type { EngineAddress } from '../../src/docker-engine/engine-address.ts';
import type { KeptEngine } from './docker-engine.ts';
import { bringPrograms, keepEngine } from './docker-engine.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface OtherMachineOptions {
  /** Folders that it does not see. Default: the one for temporary files, where tests have their state. */
  readonly hides?: readonly string[];
  /** Further arguments of dockerd, `--live-restore` say. */
  readonly dockerdArguments?: readonly string[];
  /** Whether `node:24-slim` is there. Default: yes, which takes a few seconds. */
  readonly withBaseImage?: boolean;
  /** How much room the engine has; a disk of memory. Default: as much as this machine. */
  readonly diskBytes?: number;
}

export interface OtherMachine {
  readonly skip: false;
  /** By its socket, which only the tests can see from here. */
  readonly engine: DockerEngine;
  /** TCP with TLS, as Lotse would reach another machine. */
  readonly address: EngineAddress & { readonly kind: 'tls' };
  /** Of the machine, as seen from here. */
  readonly ip: string;
  /** Of this machine, as seen from there. */
  readonly gateway: string;
  /** The network device of this machine that leads there: as long as it is down, the two do not reach each other. */
  readonly cable: string;
  /** Of its dockerd, which may be killed and started as a test likes: it belongs to that test alone. */
  readonly order: KeptEngine['order'];
  /** Starts a program there. */
  readonly spawn: (argv: readonly [string, ...string[]], options: SpawnOptions) => ChildProcess;
  readonly release: () => void;
}

/**
 * Another machine: a Docker engine in a network of its own, joined to this one by a cable, with a file system in which
 * chosen folders of this one are empty. It is gone when it is released, or when this process ends.
 */
export async function startOtherMachine(options: OtherMachineOptions = {}): Promise<OtherMachine | { skip: string }> {
  const searchPath = await bringPrograms();
  if (typeof searchPath !== 'string') return searchPath;
  const id = randomBytes(4).toString('hex');
  const folder = `/var/tmp/lotse-machine-${id}`;
  const namespaces = `${folder}-namespaces`;
  mkdirSync(join(folder, 'data'), { recursive: true });
  const { ip, gateway, cable } = layCable(id);
  hideFolders(namespaces, folder, options);
  const enter = ['nsenter', `--net=/run/netns/lotse-${id}`, `--mount=${namespaces}/mount`];
  const files = makeCertificates(folder, ip);
  const address = { kind: 'tls', host: ip, port: 2376, ...files.client } as const;
  const kept = await keepEngine({
    ...{ folder, searchPath, address: folder, lingerMs: 0, withBaseImage: options.withBaseImage ?? true },
    prefix: enter,
    dockerdArguments: ['-H', `tcp://${ip}:2376`, ...files.dockerdArguments, ...(options.dockerdArguments ?? [])],
    isShared: false,
    atEnd: [
      ['umount', `${namespaces}/mount`],
      ['umount', namespaces],
      ['rm', '-r', namespaces],
      ['ip', 'netns', 'delete', `lotse-${id}`],
    ],
  });
  if ('problem' in kept) return { skip: kept.problem };
  const [program, ...rest] = enter;
  return {
    ...{ skip: false, address, ip, gateway, cable, ...kept },
    engine: new DockerEngine({ kind: 'socket', path: join(folder, 'sock') }),
    spawn: (argv, how) => spawn(program ?? 'nsenter', [...rest, ...argv], how),
  };
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
}

/**
 * Two network devices that are each other's end, one in a network namespace (ip-netns(8), veth(4)). The one here is
 * named after the network, so that the kernel itself refuses the same network to two machines.
 */
export function layCable(id: string): Pick<OtherMachine, 'ip' | 'gateway' | 'cable'> {
  run('ip', 'netns', 'add', `lotse-${id}`);
  const { device, net } = plugIn(id);
  const inside = ['-n', `lotse-${id}`];
  run('ip', 'address', 'add', `${net}.1/30`, 'dev', device);
  run('ip', 'link', 'set', device, 'up');
  run('ip', ...inside, 'link', 'set', 'lo', 'up');
  run('ip', ...inside, 'address', 'add', `${net}.2/30`, 'dev', 'eth0');
  run('ip', ...inside, 'link', 'set', 'eth0', 'up');
  run('ip', ...inside, 'route', 'add', 'default', 'via', `${net}.1`);
  return { ip: `${net}.2`, gateway: `${net}.1`, cable: device };
}

function plugIn(id: string, attempt = 1): { readonly device: string; readonly net: string } {
  const [second, third] = [216 + randomInt(8), randomInt(256)]; // Far from what engines, and Lotse in 10.213, give to containers.
  const device = `lotse-${second}-${third}`;
  try {
    run('ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `lotse-${id}`);
    return { device, net: `10.${second}.${third}` };
  } catch (error) {
    if (attempt === 10) throw error;
    return plugIn(id, attempt + 1);
  }
}

/** A mount namespace that stays while nobody is in it: it is bound to a file (unshare(1), "--mount=file"). */
function hideFolders(namespaces: string, folder: string, options: OtherMachineOptions): void {
  const { hides = [tmpdir()], diskBytes } = options;
  mkdirSync(namespaces);
  run('mount', '--bind', namespaces, namespaces);
  run('mount', '--make-private', namespaces);
  writeFileSync(join(namespaces, 'mount'), '');
  const disk = diskBytes === undefined ? '' : `mount -t tmpfs -o size=${diskBytes} tmpfs ${folder}/data\n`;
  // Programs of the tests start there too, wherever this clone lies.
  const [held, clone] = [join(folder, 'clone'), `'${repository}'`];
  const hold = `mkdir ${held}\nmount --bind ${clone} ${held}\n`;
  const hide = 'for hidden in "$@"; do mount -t tmpfs -o mode=1777 tmpfs "$hidden"; done\n';
  const script = `set -e\n${disk}${hold}${hide}mkdir -p ${clone}\nmount --bind ${held} ${clone}`;
  mkdirSync('/etc/docker', { recursive: true }); // Its key, which gives an engine its id.
  run(
    'unshare',
    `--mount=${namespaces}/mount`,
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    '/etc/docker',
    ...hides,
  );
}

/** As in Docker's "Protect the Docker daemon socket": an authority, the engine's certificate, and ours. */
function makeCertificates(folder: string, ip: string) {
  const certs = join(folder, 'certificates');
  mkdirSync(certs);
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: certs, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=tests', '-days', '2');
  for (const [name, extension] of [
    ['server', `subjectAltName=IP:${ip}\nextendedKeyUsage=serverAuth`],
    ['client', 'extendedKeyUsage=clientAuth'],
  ] as const) {
    writeFileSync(join(certs, `${name}.ext`), extension);
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', `${name}.ext`];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing);
  }
  const read = (file: string): string => readFileSync(join(certs, file), 'utf8');
  const server = [
    ...['--tlsverify', '--tlscacert', join(certs, 'ca.pem')],
    ...['--tlscert', join(certs, 'server.pem'), '--tlskey', join(certs, 'server.key')],
  ];
  const client = { ca: read('ca.pem'), cert: read('client.pem'), key: new Secret(read('client.key')) };
  return { dockerdArguments: server, client };
}
