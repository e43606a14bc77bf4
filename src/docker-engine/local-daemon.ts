import { readdir, readFile } from 'node:fs/promises';

/** What a dockerd of this machine was told at its start, as far as its API does not say it. */
export interface LocalDaemon {
  /** It keeps the firewall's rules, which wall networks from each other. Default: yes. */
  readonly writesRules: boolean;
}

const usualSockets = ['/var/run/docker.sock', '/run/docker.sock'];
const usualSettings = '/etc/docker/daemon.json';

/**
 * The dockerd that listens on this socket, by its command line and settings file (dockerd(8)); null: there is none among
 * the processes that are seen from here. Where both name an option dockerd does not start, so either may count.
 */
export async function findLocalDaemon(socket: string): Promise<LocalDaemon | null> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => await readWords(pid)));
  const words = found.find((each) => isDaemonOf(each, socket));
  if (words === undefined) return null;
  const settings = await readSettings(optionOf(words, '--config-file') ?? usualSettings);
  return { writesRules: optionOf(words, '--iptables') !== 'false' && settings['iptables'] !== false };
}

async function readWords(pid: string): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // It has ended.
  return text.split('\0').filter(Boolean);
}

/** One that names no host of its own listens on the usual socket; so does one that systemd gives its socket (`fd://`). */
function isDaemonOf(words: readonly string[], socket: string): boolean {
  if (!/(?:^|\/)dockerd$/.test(words[0] ?? '')) return false;
  const hosts = words.flatMap((word, index) =>
    word === '-H' || word === '--host' ? [words[index + 1] ?? ''] : [...(/^--host=(.+)$/.exec(word)?.slice(1) ?? [])],
  );
  if (hosts.includes(`unix://${socket}`)) return true;
  return usualSockets.includes(socket) && (hosts.length === 0 || hosts.some((host) => host.startsWith('fd://')));
}

/** `--name=value` or `--name value`; null: it is not there. */
function optionOf(words: readonly string[], name: string): string | null {
  for (const [index, word] of words.entries()) {
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
    if (word === name && words[index + 1]?.startsWith('-') === false) return words[index + 1] ?? null;
  }
  return null;
}

async function readSettings(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const found: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof found === 'object' && found !== null ? { ...found } : {};
  } catch {
    return {}; // None, or nobody but dockerd may read it.
  }
}
