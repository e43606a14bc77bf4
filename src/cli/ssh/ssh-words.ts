import { LotseError, type ErrorCode } from '../../core/errors.ts';
import { sshTarget, type SshAddress } from './ssh-address.ts';

interface Meaning {
  readonly words: RegExp;
  readonly code: ErrorCode;
  readonly message: (host: string) => string;
  readonly hint: (target: string, host: string) => string;
}

/** OpenSSH's own texts; the first that is found counts. */
const meanings: readonly Meaning[] = [
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'forbidden',
    message: (host) => `${host} shows another host key than the one that you know`,
    hint: (_, host) =>
      `Find out why before you trust it: a new machine, or somebody in between. Then \`ssh-keygen -R ${host}\`.`,
  },
  {
    words: /Host key verification failed|No \S+ host key is known/,
    code: 'forbidden',
    message: (host) => `The host key of ${host} is not known here`,
    hint: (target) => `Run \`ssh ${target}\` once and compare the fingerprint with the one of the server.`,
  },
  {
    words: /Permission denied|Too many authentication failures/,
    code: 'forbidden',
    message: (host) => `${host} does not let you in`,
    hint: (target) => `\`ssh ${target}\` has to work: \`ssh-copy-id\` brings your key there.`,
  },
  {
    words: /Could not resolve hostname/,
    code: 'unreachable',
    message: (host) => `Nobody knows where ${host} is`,
    hint: () => 'Look at the name, and at the DNS of this machine.',
  },
  {
    words: /cannot listen to port|Could not request local forwarding|Address already in use/,
    code: 'port-taken',
    message: () => 'ssh could not open a port on this machine',
    hint: () => 'Repeat the command. If that does not help, look whether a firewall forbids ports of 127.0.0.1.',
  },
  {
    words: /Connection refused/,
    code: 'unreachable',
    message: (host) => `No ssh server listens at ${host}`,
    hint: () => 'Look at the port, and whether sshd runs there.',
  },
  {
    words: /timed out|No route to host|Network is unreachable|not responding|Connection (?:closed|reset)/,
    code: 'unreachable',
    message: (host) => `${host} cannot be reached by ssh`,
    hint: () => 'Look whether the machine runs, and at the firewalls between here and there.',
  },
];

/** What the last words of ssh mean. `how`: how it ended, `exit code 255`. */
export function explainSsh(address: SshAddress, words: readonly string[], how: string): LotseError {
  const text = words.join('\n');
  const target = sshTarget(address);
  const found = meanings.find((meaning) => meaning.words.test(text));
  if (found !== undefined) {
    return new LotseError(found.code, found.message(address.host), {
      hint: found.hint(target, address.host),
      details: words,
    });
  }
  return new LotseError('unreachable', `The ssh connection to ${address.host} ended (${how})`, {
    hint: `Try \`ssh ${target}\`.`,
    details: words,
  });
}

export function noSshProgram(cause: unknown): LotseError {
  return new LotseError('unreachable', 'There is no ssh program on this machine', {
    hint: 'Install the client of OpenSSH: `apt-get install openssh-client`; on Windows `Add-WindowsCapability -Online -Name OpenSSH.Client~~~~0.0.1.0`.',
    cause,
  });
}
