import { systemActor } from '../../core/events.ts';
import type { AccountParts } from './account-parts.ts';
import type { Caller } from './accounts.ts';
import { createOidc } from './oidc.ts';
import type { Oidc } from './oidc.ts';
import { createPasskeys } from './passkeys.ts';
import type { Passkeys } from './passkeys.ts';
import { createPasswords } from './passwords.ts';
import type { Passwords } from './passwords.ts';
import { createPeople } from './people.ts';
import type { People } from './people.ts';
import { createSessions } from './sessions.ts';
import type { Sessions, SessionSecret } from './sessions.ts';
import { createTokens } from './tokens.ts';
import type { Tokens } from './tokens.ts';

/** Who may do what: people, how they prove who they are, their sessions, tokens, and pipelines. */
export interface Accounts {
  readonly people: People;
  readonly passwords: Passwords;
  readonly passkeys: Passkeys;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly oidc: Oidc;
  /**
   * A link for the first admin, who is made when there is nobody; null once they have a passkey or a password, so that
   * no log of a later start lets anybody in.
   */
  linkOfStart(): Promise<SessionSecret | null>;
  /** Does the credential of a request that lasts (a stream) still count? */
  isStillOpen(caller: Caller): Promise<boolean>;
}

export function openAccounts(parts: AccountParts): Accounts {
  const sessions = createSessions(parts);
  const tokens = createTokens(parts);
  const passwords = createPasswords(parts);
  const passkeys = createPasskeys(parts);
  const people = createPeople(parts);
  return {
    ...{ people, passwords, passkeys, sessions, tokens, oidc: createOidc(parts, tokens) },
    async linkOfStart() {
      const { id } = await people.ensureOwner();
      const hasOwnWay = (await passwords.since(id)) !== null || (await passkeys.list(id)).length > 0;
      return hasOwnWay ? null : await sessions.createLink(id, systemActor);
    },
    isStillOpen: ({ credential: { kind, id } }) => (kind === 'token' ? tokens : sessions).isOpen(id),
  };
}

export { hasRole, maySee, mayTouch, sayBounds } from './accounts.ts';
export type { Caller, Place } from './accounts.ts';
