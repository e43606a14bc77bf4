import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ArtifactDigest, Scope } from '../../../core/ids.ts';
import { LotseError } from '../../../core/errors.ts';
import type { ControlGroups } from './control-groups.ts';
import type { ProbeTimings } from './health.ts';
import type { Host } from './host.ts';
import type { LogLimits } from './log-files.ts';
import type { Ports } from './ports.ts';
import type { RestartPolicy } from './restart-policy.ts';
import type { MachineTools } from './tools.ts';
import type { Users } from './users.ts';

/** All that slots and jobs of one target have in common. */
export interface Machine {
  readonly host: Host;
  readonly tools: MachineTools;
  readonly controlGroups: ControlGroups;
  readonly ports: Ports;
  /** Null: every instance runs as the user that Lotse runs as. */
  readonly users: Users | null;
  readonly folders: Folders;
  readonly sealingKey: Buffer;
  readonly artifactFolder: (digest: ArtifactDigest) => Promise<string | null>;
  readonly nodePath: string;
  readonly pathFolders: readonly string[];
  readonly policy: RestartPolicy;
  readonly timings: ProbeTimings;
  readonly logLimits: LogLimits;
  readonly jobGraceMs: number;
  readonly now: () => number;
  /** Aborted by `close`: everything that waits lets go, and nothing that runs is touched. */
  readonly closing: AbortSignal;
}

/**
 * `kept` and `jobs` are for Lotse alone (orders, records, logs); `run` holds what instances may enter: their scratch
 * folders and claim files.
 */
export class Folders {
  readonly state: string;

  constructor(state: string) {
    this.state = state;
  }

  get kept(): string {
    return join(this.state, 'kept');
  }

  get jobs(): string {
    return join(this.state, 'jobs');
  }

  get run(): string {
    return join(this.state, 'run');
  }

  service(scope: Scope, revision: string, service: string): string {
    return join(this.kept, ...safe(scope.app, scope.environment, revision, service));
  }

  runOfService(scope: Scope, revision: string, service: string): string {
    return join(this.run, ...safe(scope.app, scope.environment, revision, service));
  }

  /** Keys are free text. */
  job(key: string): string {
    return join(this.jobs, shortHash(key));
  }

  runOfJob(scope: Scope, key: string): string {
    return join(this.run, ...safe(scope.app, scope.environment), 'jobs', shortHash(key));
  }

  /** Value of the marker variable. */
  marker(...words: readonly (string | number)[]): string {
    return shortHash([this.state, ...words].join('\n'));
  }
}

export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Names become folders: one that could lead elsewhere is refused. */
function safe(...names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw new LotseError('bad-input', `"${name}" cannot be the name of a folder.`, {
        hint: 'Names are made of letters, digits, hyphens, dots and underscores.',
      });
    }
  }
  return names;
}
