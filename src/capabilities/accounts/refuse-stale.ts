import { LotseError } from '../../core/errors.ts';
import type { Caller } from './accounts.ts';
import type { Sessions } from './sessions.ts';

/**
 * Before a credential is made or changed: a browser that was left open must not lock its owner out, nor be turned into
 * something that lasts. Tokens pass here; what they may do is said elsewhere. Errors: `forbidden`.
 */
export async function refuseStale(sessions: Pick<Sessions, 'isFresh'>, caller: Caller): Promise<void> {
  if (caller.credential.kind === 'token' || (await sessions.isFresh(caller))) return;
  throw new LotseError('forbidden', 'Your sign-in is older than 15 minutes.', {
    hint: 'Sign out and in again, then do this: it makes or changes a way in.',
  });
}
