import { secretRoutes, secretStore } from '../../capabilities/secrets/secrets-api.ts';
import { toLotseError } from '../../core/errors.ts';
import type { Client } from '../client.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** Can the control plane read the secrets that it keeps: is the key of the vault there, and the right one? */
export async function checkSecrets(client: Client): Promise<readonly Check[]> {
  const name = 'secrets';
  try {
    const { title, read, problem, hint } = await client.call(secretRoutes.checkStore, secretStore);
    if (problem !== null) return [fail(name, problem, hint ?? 'docs/guides/secrets.md says what to do')];
    return [ok(name, read === 0 ? `${title}, which holds none yet` : `${title} can be read`)];
  } catch (thrown) {
    const { code, message, hint } = toLotseError(thrown);
    // Whoever may not look, or talks to an older control plane, is told nothing.
    if (code === 'forbidden' || code === 'not-found') return [];
    return [warn(name, message, hint ?? 'they could not be looked at')];
  }
}
