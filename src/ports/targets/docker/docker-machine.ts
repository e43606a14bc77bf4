import type { ArtifactDigest, ServiceName } from '../../../core/ids.ts';
import type { Address } from '../../../core/routing-document.ts';
import type { Check } from '../../../rollout/release.ts';
import type { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { Folders } from '../slots/folders.ts';
import type { ProbeTimings } from '../slots/health.ts';
import type { ProbeAnswer } from '../slots/probe.ts';
import type { SecretFiles } from '../slots/secret-files.ts';
import type { Users } from '../slots/users.ts';
import type { ContainerFiles } from './container-files.ts';
import type { ContainerLog, ContainerLogSettings } from './container-log.ts';
import type { EngineSight } from './engine-sight.ts';
import type { EnvironmentNetworks } from './environment-networks.ts';
import type { ImageDelivery } from './image-delivery.ts';

/** The part of a release that an image is asked for. */
export interface ImagePart {
  /** Null: a job. */
  readonly service: ServiceName | null;
  /** Its folder inside the artifact, `.` or `apps/web`. */
  readonly root: string;
}

/** What an image is called on the engine (an id, or a name with its digest); null: nobody knows it. */
export type FindImage = (artifact: ArtifactDigest, part: ImagePart) => Promise<string | null>;

export interface ContainerLimits {
  /** Of /tmp, which counts as memory of the container. */
  readonly scratchBytes: number;
  readonly processes: number;
}

/** What making and looking at containers needs. */
export interface DockerMachine {
  readonly engine: DockerEngine;
  readonly sight: EngineSight;
  /** Of the state folder: part of every name on the engine. */
  readonly id: string;
  /** The engine runs on this machine: its process numbers are ours. */
  readonly isLocal: boolean;
  /** In front of what people are told, where one engine is not the only one: `ssh://de1.example: `. */
  readonly words: string;
  readonly files: ContainerFiles;
  readonly secretFiles: SecretFiles;
  /** Asks an instance at its address. Never rejects. */
  readonly ask: (check: Check, address: Address) => Promise<ProbeAnswer>;
  /** Brings images to the engine; null: they are there or nowhere. */
  readonly delivery: ImageDelivery | null;
  /** Takes away images that were brought and are needed no longer. */
  readonly tidy: () => Promise<void>;
  readonly networks: EnvironmentNetworks;
  readonly users: Users;
  readonly folders: Folders;
  readonly findImage: FindImage;
  readonly limits: ContainerLimits;
  readonly timings: ProbeTimings;
  readonly logs: ContainerLogSettings;
  /** Those that are followed now, by the folder of their attempt. */
  readonly openLogs: Map<string, ContainerLog>;
  /** Names of containers whose program somebody sits at now. */
  readonly openOneOffs: Set<string>;
  readonly now: () => number;
}
