import { LotseError } from '../../core/errors.ts';

/** A question to a store elsewhere. Its body and headers may hold secrets: nothing of them is told to anybody. */
export interface StoreQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Asked again when nobody answered: what changes something by each call is not. */
  readonly mayRepeat: boolean;
}

export interface StoreAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON; null where there was none. */
  readonly body: unknown;
}

/**
 * Asks with a deadline, and again with growing pauses while nobody is there or the answer says so (429, 5xx).
 * Errors: `unreachable`, `timeout`, both retriable. Any other status is an answer.
 */
export type AskStore = (question: StoreQuestion) => Promise<StoreAnswer>;

/** A token, a password, a key file: read anew each time, because somebody else may renew it. Errors: `bad-input`. */
export type Credential = () => string;

/** The store has understood us and says no. */
export function refusedBy(title: string, why: string, hint: string): LotseError {
  return new LotseError('forbidden', `${title} refuses Lotse: ${why}`, { hint });
}

/** An answer that no documentation of the store speaks of. */
export function strangeAnswer(title: string, { status }: StoreAnswer, doing: string): LotseError {
  const message = `${title} answered ${doing} with ${status}, which says nothing to Lotse`;
  if (status < 500) return new LotseError('bad-input', message);
  return new LotseError('unreachable', message, { retriable: true });
}

/** What only its owner may do. */
export function readOnlyStore(title: string, hint: string): LotseError {
  return new LotseError('conflict', `Lotse only reads there: ${title}`, { hint });
}
