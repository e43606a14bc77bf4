// What is sent and what comes back, in the engine's own words: field names, units and meanings are those of the Docker
// Engine API 1.41 (docs.docker.com/reference/api/engine). Only what Lotse uses is named here; more comes than is listed.

import type { Secret } from '../core/secret.ts';

export type Labels = Readonly<Record<string, string>>;
/** `{ label: ['lotse.app=shop'], status: ['running'] }`: within a name any of them, several labels all of them. */
export type Filters = Readonly<Record<string, readonly string[]>>;

export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
  /** `linux`. */
  readonly Os: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly Arch: string;
}

export interface EngineInfo {
  /** Which engine this is: for ever, or as long as its data folder, by version. */
  readonly ID: string;
  readonly Name: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
  readonly Driver: string;
  readonly CgroupVersion?: string;
  readonly SecurityOptions: readonly string[];
  readonly MemoryLimit: boolean;
  readonly PidsLimit: boolean;
  readonly CpuCfsQuota: boolean;
  readonly LiveRestoreEnabled?: boolean;
  /** Of the kernel: packets go from one network to another. */
  readonly IPv4Forwarding?: boolean;
}

export interface HealthCheck {
  /** `['CMD', …]`, `['CMD-SHELL', text]`, `['NONE']`. */
  readonly Test?: readonly string[];
  /** Nanoseconds, as the other times here. */
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly Retries?: number;
}

export interface PortBinding {
  readonly HostIp?: string;
  readonly HostPort?: string;
}

export interface Mount {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
  readonly VolumeOptions?: { readonly Labels?: Labels; readonly NoCopy?: boolean };
}

export interface HostConfig {
  readonly NetworkMode?: string;
  readonly UsernsMode?: 'host';
  readonly Mounts?: readonly Mount[];
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[]>>;
  readonly RestartPolicy?: { readonly Name: 'no' | 'always' | 'on-failure' | 'unless-stopped' };
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly MemoryReservation?: number;
  readonly OomScoreAdj?: number;
  readonly NanoCpus?: number;
  readonly CpuShares?: number;
  readonly PidsLimit?: number;
  readonly ReadonlyRootfs?: boolean;
  readonly CapDrop?: readonly string[];
  readonly CapAdd?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly Init?: boolean;
  readonly ExtraHosts?: readonly string[];
  readonly Dns?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly DnsOptions?: readonly string[];
  readonly LogConfig?: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  readonly CgroupParent?: string;
  readonly AutoRemove?: boolean;
  readonly Privileged?: boolean;
}

export interface EndpointSettings {
  readonly IPAMConfig?: { readonly IPv4Address?: string; readonly IPv6Address?: string };
  readonly Aliases?: readonly string[];
}

/** What a container is made from. */
export interface ContainerSpec {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Labels;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Hostname?: string;
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly Healthcheck?: HealthCheck;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly HostConfig?: HostConfig;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  /** The input ends with the first client that was attached. */
  readonly StdinOnce?: boolean;
  readonly AttachStdin?: boolean;
  readonly NetworkingConfig?: { readonly EndpointsConfig: Readonly<Record<string, EndpointSettings>> };
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerState {
  readonly Status: ContainerStatus;
  readonly Running: boolean;
  readonly OOMKilled: boolean;
  /** As the engine's machine sees it; 0: none. */
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  /** RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z`: never. */
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly Health?: {
    readonly Status: 'none' | 'starting' | 'healthy' | 'unhealthy';
    readonly FailingStreak: number;
    readonly Log: readonly { readonly End: string; readonly ExitCode: number; readonly Output: string }[] | null;
  };
}

export interface NetworkEndpoint {
  readonly IPAddress: string;
  readonly GlobalIPv6Address: string;
  readonly Gateway: string;
  readonly NetworkID: string;
  readonly Aliases: readonly string[] | null;
  readonly IPAMConfig: { readonly IPv4Address?: string } | null;
}

/** `GET /containers/{id}/json`. */
export interface ContainerDetails {
  readonly Id: string;
  /** With a slash in front. */
  readonly Name: string;
  /** RFC 3339. */
  readonly Created: string;
  /** The image's id. */
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: ContainerState;
  readonly Config: Pick<
    ContainerSpec,
    'Image' | 'Cmd' | 'Entrypoint' | 'Env' | 'User' | 'WorkingDir' | 'Healthcheck' | 'StopSignal' | 'ExposedPorts'
  > & { readonly Labels: Labels };
  readonly HostConfig: HostConfig;
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, NetworkEndpoint>>;
    readonly Ports: Readonly<Record<string, readonly PortBinding[] | null>>;
  };
}

/** `GET /containers/json`. */
export interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly State: ContainerStatus;
  readonly Status: string;
  readonly Labels: Labels;
  readonly NetworkSettings?: { readonly Networks: Readonly<Record<string, NetworkEndpoint>> };
}

/** `GET /containers/{id}/stats`; what is missing, this engine or this cgroup version does not tell. */
export interface ContainerStats {
  readonly read: string;
  readonly cpu_stats: {
    /** Nanoseconds since the start. */
    readonly cpu_usage: { readonly total_usage: number };
    readonly system_cpu_usage?: number;
    readonly online_cpus?: number;
    readonly throttling_data: { readonly throttled_periods: number; readonly throttled_time: number };
  };
  readonly memory_stats: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly pids_stats: { readonly current?: number; readonly limit?: number };
}

/** `GET /images/{name}/json`. */
export interface ImageDetails {
  /** `sha256:…`. */
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Created: string;
  readonly Size: number;
  readonly Os: string;
  readonly Architecture: string;
  readonly Config: {
    readonly Cmd: readonly string[] | null;
    readonly Entrypoint: readonly string[] | null;
    readonly Env: readonly string[] | null;
    readonly Labels: Labels | null;
    readonly User: string;
    readonly WorkingDir: string;
    readonly Healthcheck?: HealthCheck;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly StopSignal?: string;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
  };
}

/** `GET /images/json`. */
export interface ImageSummary {
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[] | null;
  readonly Labels: Labels | null;
  readonly Created: number;
  readonly Size: number;
}

export interface NetworkSpec {
  readonly Name: string;
  readonly Driver?: 'bridge';
  /** No way out of it. */
  readonly Internal?: boolean;
  readonly CheckDuplicate?: boolean;
  readonly Labels?: Labels;
  readonly Options?: Readonly<Record<string, string>>;
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string; readonly IPRange?: string }[];
  };
}

export interface NetworkDetails {
  readonly Id: string;
  readonly Name: string;
  readonly Internal: boolean;
  readonly Labels: Labels | null;
  readonly Options: Readonly<Record<string, string>> | null;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null };
  /** By container id; only when a single network is asked for. */
  readonly Containers?: Readonly<Record<string, { readonly Name: string; readonly IPv4Address: string }>>;
}

export interface VolumeDetails {
  readonly Name: string;
  readonly Mountpoint: string;
  readonly Labels: Labels | null;
  readonly CreatedAt?: string;
}

/** `GET /events`. */
export interface EngineEvent {
  readonly Type: string;
  /** `start`, `die`, `oom`, `destroy`, `health_status: healthy`, … */
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly time: number;
  readonly timeNano: number;
}

/** One line of the progress of a pull, a push, a load or a build. */
export interface ProgressMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly aux?: unknown;
}

/** Of one registry. It goes to the engine in a header of one call, never into a log. */
export interface RegistryCredential {
  readonly username: string;
  readonly password: Secret;
}
