import type { ArtifactDigest } from '../../../core/ids.ts';
import type { Folders } from '../slots/folders.ts';
import type { ProbeTimings } from '../slots/health.ts';
import type { SecretFiles } from '../slots/secret-files.ts';
import type { Users } from '../slots/users.ts';
import type { ControlGroups } from './control-groups.ts';
import type { Host } from './host.ts';
import type { LogLimits } from './log-files.ts';
import type { MachineTools } from './tools.ts';

/** What starting and looking at processes needs. */
export interface Machine {
  readonly host: Host;
  readonly tools: MachineTools;
  readonly controlGroups: ControlGroups;
  /** Null: every instance runs as the user that Lotse runs as. */
  readonly users: Users | null;
  readonly folders: Folders;
  readonly secretFiles: SecretFiles;
  readonly artifactFolder: (digest: ArtifactDigest) => Promise<string | null>;
  readonly nodePath: string;
  readonly pathFolders: readonly string[];
  readonly timings: ProbeTimings;
  readonly logLimits: LogLimits;
  readonly now: () => number;
}
