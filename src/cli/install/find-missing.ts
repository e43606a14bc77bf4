import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LotseError } from '../../core/errors.ts';
import { ProxyControl } from '../../proxy/control-client.ts';
import { portOwner } from '../doctor/port-owner.ts';
import { closedFor } from './plan-install.ts';
import { proxyUser, type Installation } from './unit-files.ts';

/** Something that an installation needs and this machine lacks. */
export interface Missing {
  readonly what: string;
  readonly advice: string;
  /** Without it nothing is installed; otherwise it is a remark. */
  readonly isNeeded: boolean;
}

export interface Surroundings {
  /** The folder of an image; null: this machine. */
  readonly root: string | null;
  readonly uid: number | undefined;
  readonly platform: NodeJS.Platform;
  /** Front ports, by the option that chooses each. */
  readonly fronts: Readonly<Record<string, number>>;
}

/** What is missing for it, all at once, so that nobody has to try five times. */
export function findMissing(installation: Installation, around: Surroundings): readonly Missing[] {
  return [
    ...missingSystem(around),
    ...missingPrograms(installation),
    ...missingRights(installation),
    ...tooLongFor(installation),
    ...(around.root === null && around.platform === 'linux' ? takenPorts(installation, around) : []),
  ];
}

function missingSystem({ root, uid, platform }: Surroundings): readonly Missing[] {
  if (platform !== 'linux') return [needed(`this is ${platform}`, '`lotse serve` under a service manager of your own')];
  return [
    ...(root !== null || existsSync('/run/systemd/system')
      ? []
      : [
          needed(
            'systemd does not run here',
            '`lotse serve` under the service manager that does; --root DIR for images',
          ),
        ]),
    ...(uid === 0 ? [] : [needed('you are not root', 'sudo lotse install')]),
    ...(isDebianFamily(root ?? '/') ? [] : [remark('this is neither Debian nor Ubuntu', 'it is not tested here')]),
  ];
}

/** os-release(5). */
function isDebianFamily(root: string): boolean {
  try {
    return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(readFileSync(join(root, 'etc/os-release'), 'utf8'));
  } catch {
    return false;
  }
}

function missingPrograms({ searchPath }: Installation): readonly Missing[] {
  const missing = (['npm', 'git', 'tar', 'setpriv'] as const).filter((name) => findProgram(name, searchPath) === null);
  const uses = {
    npm: 'builds of Node apps',
    git: 'commits that are fetched by the server',
    tar: 'sources',
    setpriv: 'users of their own for environments (util-linux)',
  };
  return missing.map((name) => remark(`${name} is not in ${searchPath}`, `needed for ${uses[name]}`));
}

/** The file of a program in these folders; null: in none. */
export function findProgram(name: string, searchPath: string): string | null {
  const files = searchPath.split(delimiter).map((folder) => join(folder, name));
  return files.find((file) => isExecutable(file)) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The proxy and the apps run as other users, which must be able to read the program and Node.js. */
function missingRights({ nodePath, proxyFile }: Installation): readonly Missing[] {
  return [nodePath, proxyFile].flatMap((file) => {
    const closed = closedFor(file);
    if (closed === null) return [];
    return [
      needed(
        `the user ${proxyUser} may not enter ${closed}, on the way to ${file}`,
        'install Lotse where all may read it: /opt/lotse, or npm install --global',
      ),
    ];
  });
}

function tooLongFor({ state }: Installation): readonly Missing[] {
  try {
    new ProxyControl(join(state, 'proxy'));
    return [];
  } catch (error) {
    if (!(error instanceof LotseError)) throw error;
    return [needed(error.message, error.hint ?? 'choose another --state')];
  }
}

/** A proxy of this state folder may have them; anybody else may not. */
function takenPorts({ state }: Installation, { fronts }: Surroundings): readonly Missing[] {
  return Object.entries(fronts).flatMap(([option, port]) => {
    const owner = portOwner(port);
    if (owner === null || owner.arguments.some(isProxyOf(state))) return [];
    return [
      needed(
        `port ${port} is taken by ${owner.name}${owner.pid === null ? '' : ` (process ${owner.pid})`}`,
        `move in with another one first (${option}), adopt what serves there, and take over the port last: docs/guides/adopt.md`,
      ),
    ];
  });
}

/** The proxy's parent is told its folder, its workers their control socket. */
function isProxyOf(state: string): (argument: string) => boolean {
  return (argument) => argument === `${state}/proxy` || argument.startsWith(`${state}/proxy/`);
}

const needed = (what: string, advice: string): Missing => ({ what, advice, isNeeded: true });
const remark = (what: string, advice: string): Missing => ({ what, advice, isNeeded: false });
