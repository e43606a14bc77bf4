import type { EngineFailure } from './engine-errors.ts';
import { EngineError } from './engine-errors.ts';

interface Asked {
  readonly name: string;
  readonly address: { readonly host: string; readonly socket: string };
}

interface Meaning {
  readonly words: RegExp;
  readonly failure: EngineFailure;
  readonly message: (asked: Asked) => string;
  /** `target` is what follows `ssh` on a command line. */
  readonly hint: (target: string, asked: Asked) => string;
}

/** OpenSSH's own texts; the first that is found counts. */
const meanings: readonly Meaning[] = [
  {
    words: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    failure: 'forbidden',
    message: ({ name }) => `${name} shows another host key than the one that this user knows.`,
    hint: (_, { address }) =>
      `Find out why before you trust it: a new machine, or somebody in between. Then \`ssh-keygen -R ${address.host}\`.`,
  },
  {
    words: /Host key verification failed|No \S+ host key is known/,
    failure: 'forbidden',
    message: ({ name }) => `The host key of ${name} is not known to this user.`,
    hint: (target) => `Run \`ssh ${target}\` once as the user that runs Lotse, and compare the fingerprint.`,
  },
  {
    words: /Permission denied|Too many authentication failures/,
    failure: 'forbidden',
    message: ({ name }) => `${name} does not let this user in.`,
    hint: (target) =>
      `Bring a key there that needs no passphrase (\`ssh-copy-id\`); \`ssh -o BatchMode=yes ${target} true\` has to work as the user that runs Lotse.`,
  },
  {
    words: /Could not resolve hostname/,
    failure: 'absent',
    message: ({ name, address }) => `Nobody knows where ${address.host} is (${name}).`,
    hint: () => 'Look at the name in `servers:`, and at the DNS of this machine.',
  },
  {
    words: /Connection refused/,
    failure: 'absent',
    message: ({ name }) => `No ssh server listens at ${name}.`,
    hint: () => 'Look at the port in `servers:`, and whether sshd runs there.',
  },
  {
    words: /timed out|No route to host|Network is unreachable|not responding/,
    failure: 'absent',
    message: ({ name }) => `${name} cannot be reached.`,
    hint: () => 'Look whether the machine runs, and at the firewalls between here and there.',
  },
  {
    words: /open failed: administratively prohibited/,
    failure: 'forbidden',
    message: ({ name, address }) => `The ssh server of ${name} forwards no connection to ${address.socket}.`,
    hint: () => 'Its sshd_config needs `AllowStreamLocalForwarding yes` (or `local`) for this user.',
  },
  {
    words: /open failed/,
    failure: 'absent',
    message: ({ name, address }) => `No Docker engine answers at ${address.socket} of ${name}.`,
    hint: (target) =>
      `Start Docker there (\`systemctl start docker\`), and let the user into its group (\`usermod -aG docker USER\`): \`ssh ${target} docker info\` has to work.`,
  },
  {
    words: /ssh: not found|ssh: command not found|ssh: No such file/,
    failure: 'absent',
    message: () => 'There is no ssh program on this machine.',
    hint: () => 'Install the client of OpenSSH (`apt-get install openssh-client`).',
  },
];

/** What the last words of ssh mean. `end`: how it ended; null: it runs, and the engine did not answer. */
export function explainSsh(asked: Asked, target: string, words: readonly string[], end: string | null): EngineError {
  const text = words.join('\n');
  const found = meanings.find((meaning) => meaning.words.test(text));
  if (found !== undefined) {
    const message = `${found.message(asked)}${quoted(words)}`;
    return new EngineError(found.failure, message, {
      hint: found.hint(target, asked),
      retriable: true,
      details: words,
    });
  }
  const what = end === null ? 'goes to no Docker engine that answers' : `ended (${end})`;
  return new EngineError('absent', `The ssh connection to ${asked.name} ${what}.${quoted(words)}`, {
    hint: `Try \`ssh ${target} docker info\` as the user that runs Lotse.`,
    details: words,
  });
}

function quoted(words: readonly string[]): string {
  const last = words.at(-1);
  return last === undefined ? '' : ` ssh: ${last}`;
}
