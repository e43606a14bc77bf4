import type { Release, Revision } from '../../rollout/release.ts';
import type { Before, Plan, Step } from '../../rollout/plan.ts';
import type { Scope } from '../../core/ids.ts';

/**
 * What makes up a release or revision comes through this port: artifacts, config, definitions (later secrets, flags,
 * migrations, backups, rules, certificates). No method changes anything outside.
 */
export interface ReleasePart {
  /** Used in gate ids: `proof:<name>`. */
  readonly name: string;
  readonly title: string;

  /** Freezes the part for one environment. The answer is put into the revision under the part's own field. */
  resolve(scope: Scope, release: Release): Promise<FrozenPart>;

  /** What changes from one revision to another, a line each, for people. */
  diff(from: Revision | null, to: Revision): Promise<readonly DiffLine[]>;

  /**
   * Is the way back to `before` proven, as far as this part goes? Only items that the rollout touches are asked.
   * An item that cannot be proven says so; it is never left out and never green by default.
   */
  prove(before: ProofSubject): Promise<readonly ProofItem[]>;

  /** Steps that the part adds to fixed phases of the plan. */
  steps(before: Before, to: Revision): Promise<readonly Step[]>;
}

/** `from` is the revision that serves now: null for a first release, which goes back to what `before` says. */
export interface ProofSubject {
  readonly scope: Scope;
  readonly before: Before;
  readonly from: Revision | null;
  readonly to: Revision;
  readonly strategy: Plan['strategy'];
}

export interface FrozenPart {
  readonly version: string;
}

export interface DiffLine {
  readonly part: string;
  readonly what: string;
  readonly from: string | null;
  readonly to: string | null;
  /** Where the new value comes from: `set by Ada on 2026-11-22`, `lotse.yaml:12 …`. */
  readonly source?: string;
}

export interface ProofItem {
  /** `<part>` or `<part>/<detail>`. */
  readonly id: string;
  readonly title: string;
  readonly proven: boolean;
  readonly message: string;
  /** What was looked at: its hash becomes the evidence. */
  readonly seen: string;
}
