import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface SshServerOptions {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  /** Where it runs. Default: this machine. */
  readonly spawn?: (argv: readonly [string, ...string[]], options: SpawnOptions) => ChildProcess;
  /** Further lines of its sshd_config. */
  readonly settings?: readonly string[];
}

export interface SshServer {
  /** Lets a client in as root or as `guest`, who may not do much. */
  readonly clientArguments: readonly string[];
  /** The same for a client that does not know the server, and for one that the server does not know. */
  readonly clientWithoutHostKey: readonly string[];
  readonly clientWithoutKey: readonly string[];
  readonly start: () => Promise<void>;
  /** With all connections. */
  readonly kill: () => Promise<void>;
  readonly release: () => Promise<void>;
}

/** An sshd with keys of its own, in a mount namespace where it has the users that it needs, or why there is none here. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer | { readonly skip: string }> {
  const program = await bringSshd();
  if (program === null) return { skip: 'sshd is not there and could not be installed' };
  // Not below /tmp, which other machines of tests do not see.
  const folder = mkdtempSync('/var/tmp/lotse-sshd-');
  chmodSync(folder, 0o755); // A user's keys are read as that user.
  const file = (name: string, text: string, mode = 0o644): string => {
    writeFileSync(join(folder, name), text, { mode });
    return join(folder, name);
  };
  for (const name of ['host', 'client', 'stranger']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)], { stdio: 'ignore' });
  }
  const { host, port, settings = [] } = options;
  const at = port === 22 ? host : `[${host}]:${port}`;
  const known = file('known_hosts', `${at} ${readFileSync(join(folder, 'host.pub'), 'utf8')}`);
  const passwd = [
    'root:x:0:0:root:/root:/bin/sh',
    'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin',
    'guest:x:12345:12345::/:/bin/sh',
  ];
  file('passwd', `${passwd.join('\n')}\n`);
  file('shadow', 'root:*:19000:0:99999:7:::\nsshd:*:19000:0:99999:7:::\nguest:*:19000:0:99999:7:::\n', 0o600);
  const config = [
    ...[`ListenAddress ${host}:${port}`, `HostKey ${join(folder, 'host')}`, 'PidFile none', 'UsePAM no'],
    ...[`AuthorizedKeysFile ${join(folder, 'client.pub')}`, 'StrictModes no', 'PermitRootLogin yes'],
    ...['PasswordAuthentication no', 'KbdInteractiveAuthentication no', ...settings],
  ];
  file('config', `${config.join('\n')}\n`);
  const inside = [
    ...[`mount --bind ${folder}/passwd /etc/passwd`, `mount --bind ${folder}/shadow /etc/shadow`],
    ...['mkdir -p /run/sshd', 'chmod 755 /run/sshd', `exec ${program} -D -e -f ${folder}/config`],
  ].join(' && ');
  const begin = options.spawn ?? ((argv, how) => spawn(argv[0], argv.slice(1), how));
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    // It is the first process of its namespace: all of its connections end with it.
    child.kill('SIGKILL');
    await ended;
    child = null;
  };
  const start = async (): Promise<void> => {
    const argv = ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', inside] as const;
    child = begin([...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (text) => (words += text));
    for (let tries = 0; !(await isListening(host, port)); tries++) {
      if (child.exitCode !== null || tries > 200) throw new Error(`sshd did not start: ${words}`);
      await pause(25);
    }
  };
  const client = (key: string, hosts: string): readonly string[] => [
    ...['-F', 'none', '-i', join(folder, key), '-o', 'IdentitiesOnly=yes', '-o', `UserKnownHostsFile=${hosts}`],
    ...['-o', 'GlobalKnownHostsFile=none'],
  ];
  await start();
  return {
    clientArguments: client('client', known),
    clientWithoutHostKey: client('client', '/dev/null'),
    clientWithoutKey: client('stranger', known),
    ...{ start, kill },
    release: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isListening(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  return await once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

async function bringSshd(): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const setup: {
    readonly systemPackages: readonly { readonly command: string }[];
    readonly pathWithTools: (root: string, path: string) => string;
    readonly missingPackages: (path: string, packages: readonly unknown[]) => readonly unknown[];
    readonly installSystemPackages: (root: string, missing: readonly unknown[]) => Promise<readonly unknown[]>;
  } = await import(join(repository, 'scripts/setup/system-packages.mjs'));
  const path = setup.pathWithTools(repository, `${process.env['PATH'] ?? ''}:/usr/sbin`);
  const missing = setup.missingPackages(
    path,
    setup.systemPackages.filter(({ command }) => command === 'sshd'),
  );
  if (missing.length > 0) await setup.installSystemPackages(repository, missing).catch(() => missing);
  const folders = path.split(delimiter);
  return folders.map((each) => join(each, 'sshd')).find((each) => existsSync(each)) ?? null;
}
