import type { AccountParts } from './account-parts.ts';
import type { Caller } from './accounts.ts';
import { createPeople } from './people.ts';
import type { People } from './people.ts';
import { createSessions } from './sessions.ts';
import type { Sessions } from './sessions.ts';
import { createTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Who may do what: people, their sessions, and tokens. */
export interface Accounts {
  readonly people: People;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  /** Does the credential of a request that lasts (a stream) still count? */
  isStillOpen(caller: Caller): Promise<boolean>;
}

export function openAccounts(parts: AccountParts): Accounts {
  const sessions = createSessions(parts);
  const tokens = createTokens(parts);
  return {
    people: createPeople(parts),
    sessions,
    tokens,
    isStillOpen: ({ credential: { kind, id } }) => (kind === 'token' ? tokens : sessions).isOpen(id),
  };
}

export { hasRole, maySee, mayTouch } from './accounts.ts';
export type { Caller, Place } from './accounts.ts';
