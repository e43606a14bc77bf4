import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readText, writeDurably } from '../slots/state-files.ts';

/**
 * The launcher: a POSIX shell (measured: 170 kB of PSS) that stays the parent of one attempt, so that its exit status is
 * on the disk even when the control plane was not there to see it. Both scripts are fixed texts; what users wrote comes
 * as arguments and is never read by a shell.
 *
 * The shell holds the lock of the slot's folder as long as the attempt lives; the attempt itself does not inherit it, so
 * a stray child cannot hold it. Once the attempt runs the shell falls silent: its own "Terminated" does not belong into
 * the log of the app. `mkdir started` is the second guard (and, without flock, the only one): one attempt
 * number is started once, ever.
 */
const holdAndWait = `
slot=$1 attempt=$2 flock=$3 setsid=$4 become=$5
shift 5
folder=$slot/attempts/$attempt
trap : HUP INT TERM
exec 9>>"$slot/lock" || exit 73
if [ -n "$flock" ]; then "$flock" -n 9 || exit 75; fi
read -r wanted <"$slot/wanted" || exit 76
[ "$wanted" = "$attempt" ] || exit 76
/bin/mkdir "$folder/started" || exit 76
if [ -n "$setsid" ]; then
  "$setsid" /bin/sh "$become" "$folder" "$@" 9>&- &
else
  set -m
  /bin/sh "$become" "$folder" "$@" 9>&- &
fi
child=$!
exec 2>/dev/null
while :; do
  wait "$child"
  status=$?
  kill -0 "$child" 2>/dev/null || break
done
printf '%s\\n' "$status" >"$folder/exit.new" && /bin/mv "$folder/exit.new" "$folder/exit"
/bin/sync "$folder/exit" "$folder" 2>/dev/null
exit "$status"
`;

/**
 * Runs in the attempt's own session: joins its control groups, records boot id, pid, launcher and start, and only then
 * becomes the program. So nothing of the user's ever runs unrecorded.
 */
const recordAndBecome = `
folder=$1 boot=$2 groups=$3
shift 3
while [ "$groups" -gt 0 ]; do
  echo 0 >"$1" || exit 74
  shift
  groups=$((groups - 1))
done
if [ -r "/proc/$$/stat" ]; then read -r start <"/proc/$$/stat"; else start=$(/bin/ps -o lstart= -p $$); fi
printf '%s\\n' "$boot" "$$" "$PPID" "$start" >"$folder/run.new" || exit 74
/bin/mv "$folder/run.new" "$folder/run" || exit 74
exec "$@"
`;

/** How the launcher itself ends when it did not start the attempt. */
export const launcherExit = {
  /** Another launcher holds the slot: an attempt lives there. */
  locked: 75,
  /** This attempt was started before, or is no longer wanted. */
  refused: 76,
} as const;

/** Where the two scripts lie. */
export interface LauncherScripts {
  readonly launch: string;
  readonly become: string;
}

/**
 * Writes the scripts into Lotse's state, each named by its content: a running launcher never sees its text change, also
 * not when Lotse is upgraded, and `ps` shows short lines.
 */
export async function writeScripts(folder: string): Promise<LauncherScripts> {
  const write = async (name: string, text: string): Promise<string> => {
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
    const path = join(folder, `${name}-${hash}.sh`);
    if ((await readText(path)) !== text) await writeDurably(path, text, 0o500);
    return path;
  };
  return { launch: await write('launch', holdAndWait), become: await write('become', recordAndBecome) };
}

export interface LauncherTools {
  /** Absolute paths; null where the machine has none. */
  readonly flock: string | null;
  readonly setsid: string | null;
  readonly setpriv: string | null;
  readonly scripts: LauncherScripts;
}

export interface LaunchOrder {
  readonly slotFolder: string;
  readonly attempt: number;
  readonly bootId: string;
  readonly argv: readonly string[];
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Numeric user and group to become; null: stay. */
  readonly user: number | null;
  /** `cgroup.procs` files to join. */
  readonly controlGroups: readonly string[];
  readonly outputFd: number;
  readonly errorFd: number;
}

export interface Launcher {
  readonly pid: number | undefined;
  /** The exit status of the launcher (128 + n for signal n of the attempt); rejects when there is no shell at all. */
  readonly ended: Promise<number>;
}

/** Starts the launcher in a session of its own. It outlives this process. */
export function launch(tools: LauncherTools, order: LaunchOrder): Launcher {
  const { early, late } = splitEnvironment(order.environment);
  const argv = [
    ...[order.slotFolder, String(order.attempt), tools.flock ?? '', tools.setsid ?? '', tools.scripts.become],
    ...[order.bootId, String(order.controlGroups.length), ...order.controlGroups],
    ...becoming(tools, order.user),
    ...late,
    ...order.argv,
  ];
  const child = spawn('/bin/sh', [tools.scripts.launch, ...argv], {
    cwd: order.workingFolder,
    env: early,
    detached: true,
    stdio: ['ignore', order.outputFd, order.errorFd],
  });
  child.unref();
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 137));
  });
  ended.catch(() => undefined); // The caller awaits it after its own look at the record.
  return { pid: child.pid, ended };
}

function becoming(tools: LauncherTools, user: number | null): readonly string[] {
  if (user === null || tools.setpriv === null) return [];
  return [tools.setpriv, `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs', '--'];
}

/**
 * Variables that tell the loader or a shell what to run must not act on the launcher, which may still be root: they are
 * set by env(1) after the user was changed. The list is that of glibc's secure mode, and the shells' start files.
 */
const actsOnTools =
  /^(LD_|DYLD_|MALLOC_|BASH_|SHELLOPTS$|ENV$|PS4$|IFS$|GCONV_PATH$|GLIBC_TUNABLES$|LOCPATH$|NLSPATH$|HOSTALIASES$|RES_OPTIONS$)/;

function splitEnvironment(environment: Readonly<Record<string, string>>) {
  const entries = Object.entries(environment);
  const late = entries.filter(([name]) => actsOnTools.test(name)).map(([name, value]) => `${name}=${value}`);
  return {
    early: Object.fromEntries(entries.filter(([name]) => !actsOnTools.test(name))),
    late: late.length === 0 ? [] : ['/usr/bin/env', ...late],
  };
}
