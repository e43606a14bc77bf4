import type { Address } from '../../../core/routing-document.ts';
import type { JobOrder, ServiceOrder } from '../targets.ts';
import type { AttemptPlace } from './attempt-place.ts';
import type { Folders } from './folders.ts';
import type { Attempt, Instance } from './instance.ts';
import type { LogFormat } from './read-logs.ts';
import type { RestartPolicy } from './restart-policy.ts';
import type { SlotFiles } from './slot-files.ts';

/** Gives addresses to slots. An address that was given back comes round again only after all others. */
export interface Addresses {
  /** An address that a kept slot holds. */
  claim(address: Address): void;
  giveBack(address: Address): void;
  /** One that nobody has and that `order.avoid` does not name. Error: `port-taken` when there is none. */
  take(order: ServiceOrder): Promise<Address>;
  /** False when something else holds it by now. */
  isFree(address: Address, order: ServiceOrder): Promise<boolean>;
}

/** All that slots and jobs of one target have in common. */
export interface SlotSettings {
  readonly folders: Folders;
  readonly sealingKey: Buffer;
  /** Differs after every reboot of the machine where instances run. */
  readonly bootId: string;
  readonly addresses: Addresses;
  readonly policy: RestartPolicy;
  /** So many attempts of a slot keep their output. */
  readonly attemptsKept: number;
  readonly logFormat: LogFormat;
  /** Between SIGTERM and SIGKILL of a job that is cancelled or overdue. */
  readonly jobGraceMs: number;
  readonly now: () => number;
  /** Aborted by `close`: everything that waits lets go, and nothing that runs is touched. */
  readonly closing: AbortSignal;
}

/** What the keeping of slots and jobs asks of a platform. */
export interface SlotMachine {
  readonly settings: SlotSettings;
  /** Before an order is kept. Errors: `bad-input`, `not-found` (the artifact or its root is gone), `unreachable`. */
  checkService(order: ServiceOrder): Promise<void>;
  checkJob(order: JobOrder): Promise<void>;
  openInstance(files: SlotFiles, order: ServiceOrder, attempt: number): Promise<Instance>;
  openJob(place: AttemptPlace, order: JobOrder): Promise<Attempt>;
  /** A launch of this slot that a dead control plane left on its way starts nothing after this. */
  forbidStart(files: SlotFiles): Promise<void>;
  /**
   * The claim file of a service has another text: resolves when all of its instances have it. Nothing to do where they
   * read the file itself. Errors: `unreachable`, `timeout`.
   */
  spreadClaim(order: ServiceOrder, claimFile: string): Promise<void>;
  /** Where the code lies, as instances see it; null: unknown. */
  codeFolder(order: ServiceOrder): Promise<string | null>;
}
