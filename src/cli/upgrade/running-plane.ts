import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The control plane that owns a state folder, as the machine knows it. */
export interface RunningPlane {
  readonly pid: number;
  readonly nodePath: string;
  readonly mainFile: string;
  /** What stands behind the main file: `serve --state …`. */
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Null when none runs, or on a machine that does not tell (proc(5) is Linux's) or not us, since it is another user's. */
export function runningPlane(state: string): RunningPlane | null {
  const pid = ownerOf(state);
  if (pid === null) return null;
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    const [nodePath] = words;
    const main = words.findIndex((word, index) => /\/main\.[jt]s$/.test(word) && words[index + 1] === 'serve');
    const mainFile = words[main];
    if (nodePath === undefined || mainFile === undefined) return null;
    return {
      ...{ pid, nodePath, mainFile, arguments: words.slice(main + 1) },
      ...{ cwd: readlinkSync(`/proc/${pid}/cwd`), env: variablesOf(readFileSync(`/proc/${pid}/environ`, 'utf8')) },
    };
  } catch {
    return null;
  }
}

/** Every process of this main file with these arguments, also one that hangs before it owns anything. */
export function planesLike(mainFile: string, words: readonly string[]): readonly number[] {
  const wanted = [mainFile, ...words, ''].join('\0');
  return processNumbers().filter((pid) => commandLine(pid).endsWith(`\0${wanted}`));
}

function processNumbers(): readonly number[] {
  return existsSync('/proc') ? readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : [])) : [];
}

/** Empty for a process that has ended, waited for or not. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Who said last that the state is theirs; nobody knows whether they still live. */
function ownerOf(state: string): number | null {
  try {
    const owner: unknown = JSON.parse(readFileSync(join(state, 'control', 'owner.json'), 'utf8'));
    const pid: unknown = typeof owner === 'object' && owner !== null ? Reflect.get(owner, 'pid') : null;
    return typeof pid === 'number' ? pid : null;
  } catch {
    return null;
  }
}

/** Without what ties it to the command that started it. */
function variablesOf(text: string): Readonly<Record<string, string>> {
  const pairs = text.split('\0').flatMap((pair) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    return name === undefined || value === undefined || name === 'LOTSE_LEASH' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}
