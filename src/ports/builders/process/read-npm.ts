import { execFile } from 'node:child_process';
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
    const { stdout } = await run('npm', ['config', 'list', '--json'], { timeout: 20_000 });
    const known = new Map(Object.entries(JSON.parse(stdout)));
    const given = settings.flatMap((name) => {
      const value = known.get(name);
      const isPlain = typeof value === 'boolean' || (typeof value === 'string' && value !== '');
      return isPlain ? [[`npm_config_${name.replaceAll('-', '_')}`, `${value}`]] : [];
    });
    return { pathFolders: await foldersOfNpm(), npmEnvironment: Object.fromEntries(given) };
  } catch {
    return { pathFolders: [], npmEnvironment: {} };
  }
}

/** The folder of the command, and the one it links to. */
async function foldersOfNpm(): Promise<readonly string[]> {
  const { stdout } = await run('which', ['npm']);
  const command = stdout.trim();
  const isLink = (await realpath(command)) !== command;
  return isLink ? [dirname(command), dirname(join(await realpath(command)))] : [dirname(command)];
}
