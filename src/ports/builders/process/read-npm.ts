import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** What decides how npm reaches its registry. Credentials are not among it: a build gets only what it declares. */
const settings = ['registry', 'cafile', 'proxy', 'https-proxy', 'noproxy', 'strict-ssl'];

/**
 * Where npm is on this machine and how it reaches its registry. Builds run with another node, home and user, where npm
 * would not find its configuration. Without npm the answer is empty: apps without dependencies build all the same.
 */
export async function readNpm(): Promise<{
  readonly pathFolders: readonly string[];
  readonly npmEnvironment: Readonly<Record<string, string>>;
}> {
  try {
    const command = await findNpm();
    const { stdout } = await run(...ownCall(command), { timeout: 20_000 });
    const known = new Map(Object.entries(JSON.parse(stdout)));
    const given = settings.flatMap((name) => {
      const value = known.get(name);
      const isPlain = typeof value === 'boolean' || (typeof value === 'string' && value !== '');
      return isPlain ? [[`npm_config_${name.replaceAll('-', '_')}`, `${value}`]] : [];
    });
    return { pathFolders: await foldersOf(command), npmEnvironment: Object.fromEntries(given) };
  } catch {
    return { pathFolders: [], npmEnvironment: {} };
  }
}

async function findNpm(): Promise<string> {
  const { stdout } = await run('which', ['npm']);
  return stdout.trim();
}

/**
 * By the node that it came with, where there is one: npm looks for the configuration of the whole machine beside the node
 * that runs it, and the first one on the way may be Lotse's own.
 */
function ownCall(command: string): [program: string, args: string[]] {
  const question = ['config', 'list', '--json'];
  const node = join(dirname(command), 'node');
  return existsSync(node) ? [node, [command, ...question]] : [command, question];
}

/** The folder of the command, and the one it links to. */
async function foldersOf(command: string): Promise<readonly string[]> {
  const target = await realpath(command);
  return target === command ? [dirname(command)] : [dirname(command), dirname(target)];
}
