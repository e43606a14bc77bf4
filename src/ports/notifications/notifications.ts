import type { AppName, EnvironmentName, UnixMs } from '../../core/ids.ts';
import type { Secret } from '../../core/secret.ts';

/** How much it presses: `alarm` is for whoever is on call. */
export type Urgency = 'info' | 'attention' | 'alarm';

/** What a person is told, ready to be read. */
export interface Message {
  /** The same for each attempt: a receiver that gets it twice can tell. */
  readonly id: string;
  readonly at: UnixMs;
  readonly app: AppName;
  readonly environment: EnvironmentName;
  readonly urgency: Urgency;
  /** What it is about; messages of one story belong together. */
  readonly story: string;
  /** One line. */
  readonly title: string;
  readonly lines: readonly string[];
  /** The same for programs. */
  readonly facts: readonly MessageFact[];
}

export interface MessageFact {
  readonly id: string;
  readonly kind: string;
  readonly at: UnixMs;
  readonly data: Readonly<Record<string, string>>;
}

/** Where a message goes, with what it takes to get there. Addresses are secrets: some hold a password or are one. */
export type Address =
  | { readonly kind: 'mail'; readonly to: string; readonly from: string; readonly server: Secret }
  | { readonly kind: 'webhook'; readonly url: Secret; readonly key: Secret }
  | { readonly kind: 'slack' | 'teams' | 'ntfy' | 'pagerduty'; readonly url: Secret };

/**
 * Whoever tells people. A message may be sent again with the same id; then the receiver may get it twice. Errors, none of
 * which holds an address: `unreachable` and `timeout` (retriable), `bad-input` (the address is none), `forbidden` and
 * `conflict` (it was refused: a person has to look). Rejects soon after the signal aborts.
 */
export interface Notifier {
  send(address: Address, message: Message, signal: AbortSignal): Promise<void>;
  /** Says to an outside watcher that all is well. */
  beat(url: Secret, signal: AbortSignal): Promise<void>;
}
