import { role, type Role } from '../capabilities/accounts/accounts-api.ts';
import { LotseError } from '../core/errors.ts';
import { nearestOf } from '../manifest/nearest.ts';

export const roles: readonly string[] = role.options;

/** A role as it was written. Errors: `bad-input` with the nearest one. */
export function parseRole(written: string): Role {
  const parsed = role.safeParse(written);
  if (parsed.success) return parsed.data;
  const nearest = nearestOf(written, roles);
  throw new LotseError('bad-input', `${JSON.stringify(written)} is no role`, {
    hint: nearest === null ? `Roles: ${roles.join(', ')}.` : `Did you mean ${nearest}?`,
  });
}
