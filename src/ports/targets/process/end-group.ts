import type { RunRecord } from './attempt.ts';
import type { ControlGroup } from './control-groups.ts';
import type { Host, Member } from './host.ts';
import { markerVariable } from './host.ts';
import { pause } from '../slots/pause.ts';

export interface GroupToEnd {
  readonly marker: string;
  /** Null when it was never seen running: only what carries the marker is ended then. */
  readonly run: RunRecord | null;
  readonly controlGroup: ControlGroup | null;
}

/**
 * Everything that belongs to the attempt gets SIGTERM, until `deadline` to end, then SIGKILL. Resolves when nothing of it
 * is left (`ended`), or when the signal came (`interrupted`: what is left goes on). A main process that ends early does
 * not take its children's time: `npm start` ends at once, the server below it is still finishing requests.
 */
export async function endGroup(
  host: Host,
  group: GroupToEnd,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<'ended' | 'interrupted'> {
  const first = await membersOf(host, group);
  if (first.length === 0) return 'ended';
  if (deadlineMs > 0) {
    signalAll(group, first, 'SIGTERM');
    if (await emptiesWithin(host, group, deadlineMs, signal)) return 'ended';
    if (signal.aborted) return 'interrupted';
  }
  await group.controlGroup?.kill();
  for (;;) {
    const left = await membersOf(host, group);
    if (left.length === 0) return 'ended';
    signalAll(group, left, 'SIGKILL');
    if (!(await pause(10, signal))) return 'interrupted';
  }
}

/** The launcher carries the marker too; it is never a member, for it must live to write down the end. */
export async function membersOf(host: Host, group: GroupToEnd): Promise<readonly Member[]> {
  const marker = `${markerVariable}=${group.marker}`;
  const members = await host.members(await leaderOf(host, group.run), marker);
  if (group.run !== null) return members.filter(({ pid }) => pid !== group.run?.launcherPid);
  return members;
}

/**
 * The kernel gives a process number to nobody as long as a group or session bears it. So a living process of that number
 * with another start means that the group is gone, and its number means nothing any more.
 */
async function leaderOf(host: Host, run: RunRecord | null): Promise<number | null> {
  if (run === null || run.bootId !== host.bootId) return null;
  const start = await host.startOf(run.pid);
  return start === null || start === run.start ? run.pid : null;
}

async function emptiesWithin(host: Host, group: GroupToEnd, ms: number, signal: AbortSignal): Promise<boolean> {
  const until = performance.now() + ms;
  let delayMs = 10;
  while (performance.now() < until) {
    if (!(await pause(Math.min(delayMs, until - performance.now()), signal))) return false;
    delayMs = Math.min(250, delayMs * 1.5);
    if ((await membersOf(host, group)).length === 0) return true;
  }
  return false;
}

/** Each process gets SIGTERM once: many programs take a second one for impatience and drop what they have. */
function signalAll(group: GroupToEnd, members: readonly Member[], name: 'SIGTERM' | 'SIGKILL'): void {
  if (group.run !== null && members.some((member) => member.inGroup)) signalOne(-group.run.pid, name);
  for (const { pid, inGroup } of members) if (!inGroup) signalOne(pid, name);
}

function signalOne(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
  }
}
