import type { Actor } from '../core/events.ts';
import type { FindingCounts } from '../core/severities.ts';
import type { EnvironmentName, ReleaseId, RevisionId, UnixMs } from '../core/ids.ts';

/** The record that a condition holds. */
export interface Evidence {
  readonly id: string;
  /** Which gate it speaks to, e.g. `verified:staging`, `approval`, `checklist:<line id>`, `proof:artifacts`. */
  readonly gate: string;
  readonly environment: EnvironmentName;
  readonly subject:
    | { readonly kind: 'release'; readonly release: ReleaseId }
    | { readonly kind: 'revision'; readonly revision: RevisionId };
  readonly by: Actor;
  readonly at: UnixMs;
  readonly until: UnixMs | null;
  /** SHA-256 in hex of what was seen: the log, the line, the artifact. */
  readonly hash: string;
  readonly summary: string;
  /** Of a scan: what it has found. A scan is kept whatever it says; which one is good enough says each gate. */
  readonly findings?: FindingCounts;
}

/** How the latest run of a release's pipeline stands. */
export interface PipelineStanding {
  readonly run: string;
  readonly state: 'queued' | 'running' | 'passed' | 'failed' | 'cancelled';
  /** Jobs that have passed. */
  readonly passed: readonly string[];
  /** Why it has not passed, one sentence; null while it is under way, and when it has. */
  readonly problem: string | null;
}

/** A named person passes one gate for one rollout, with a reason, shown until the next release. */
export interface Override {
  readonly gate: string;
  readonly by: Actor;
  readonly at: UnixMs;
  readonly reason: string;
}

export type GateState =
  /** The condition holds; `evidence` says by what. */
  | { readonly kind: 'open'; readonly evidence: readonly string[] }
  | { readonly kind: 'overridden'; readonly override: Override }
  /** A person can open it, or time will. */
  | { readonly kind: 'waiting'; readonly opensAt: UnixMs | null }
  /** It does not hold, and nothing but an override or a change opens it. */
  | { readonly kind: 'closed' }
  /** Nobody can prove it: never green. */
  | { readonly kind: 'not-proven' };

export interface GateResult {
  readonly gate: string;
  readonly title: string;
  readonly state: GateState;
  /** What holds or what is missing, and what to do, one sentence. */
  readonly message: string;
}

export function isOpen(result: GateResult): boolean {
  return result.state.kind === 'open' || result.state.kind === 'overridden';
}
