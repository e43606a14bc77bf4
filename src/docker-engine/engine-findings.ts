import type { EngineInfo } from './engine-shapes.ts';
import type { LocalDaemon } from './local-daemon.ts';

/** Something that an engine cannot do, or does badly, for what Lotse runs on it. */
export interface EngineFinding {
  /** A sentence without its full stop. */
  readonly found: string;
  /** What to do about it, likewise. */
  readonly advice: string;
}

const settings = '/etc/docker/daemon.json';
/** Storage drivers that keep a container's layers apart without copying them. */
const goodDrivers: ReadonlySet<string> = new Set(['overlay2', 'overlayfs', 'btrfs', 'zfs', 'fuse-overlayfs', 'stargz']);

/** Pure. `daemon`: null where it cannot be looked at; then nothing is said of what it alone tells. */
export function engineFindings(info: EngineInfo, daemon: LocalDaemon | null): readonly EngineFinding[] {
  const found = (isSo: boolean, finding: EngineFinding): readonly EngineFinding[] => (isSo ? [finding] : []);
  return [
    ...found(daemon?.writesRules === false && info.IPv4Forwarding !== false, {
      found:
        'Environments are not walled from each other: the Docker engine writes no firewall rules, so containers of one can reach those of another',
      advice: `remove "iptables": false (${settings}, or the option --iptables), or keep its bridges apart by rules of your own`,
    }),
    ...found(info.LiveRestoreEnabled !== true, {
      found: 'A restart of the Docker engine stops all containers',
      advice: `set "live-restore": true in ${settings}`,
    }),
    ...found(!info.MemoryLimit, {
      found: 'Memory limits are not enforced: the memory controller is off',
      advice: 'boot with cgroup_enable=memory',
    }),
    ...found(!info.PidsLimit, {
      found: 'The number of processes is not limited: the pids controller is off',
      advice: 'let the kernel have it (CONFIG_CGROUP_PIDS), and control groups delegate it',
    }),
    ...found(!info.CpuCfsQuota, {
      found: 'CPU limits are not enforced: the kernel has no CPU quota',
      advice: 'take a kernel with CONFIG_CFS_BANDWIDTH',
    }),
    ...found(!goodDrivers.has(info.Driver), {
      found: `The storage driver ${info.Driver} copies whole layers, or is no longer kept up`,
      advice: `set "storage-driver": "overlay2" in ${settings}; images have to be built again`,
    }),
    ...found(
      info.SecurityOptions.some((option) => /\bname=rootless\b/.test(option)),
      {
        found: 'The Docker engine runs without root: this machine does not reach the addresses of its containers',
        advice: 'take the engine of the machine (unix:///var/run/docker.sock)',
      },
    ),
  ];
}
