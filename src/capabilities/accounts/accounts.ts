import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { role } from './accounts-api.ts';
import type { Role, TokenRequest } from './accounts-api.ts';

export const allRoles: readonly Role[] = role.options;

/** How long a sign-in link may be used, in milliseconds. */
export const signInLinkValidMs = 15 * 60_000;
/** Whoever changes how they sign in has signed in within this time, in milliseconds. */
export const freshSignInMs = 15 * 60_000;
/** How long a session lasts after the sign-in, in milliseconds. */
export const sessionValidMs = 14 * 86_400_000;
/** After this time a session gets a new id and secret, in milliseconds. */
export const sessionRotationMs = 86_400_000;
/** How long the secret before a rotation still counts, for requests that were under way, in milliseconds. */
export const sessionOverlapMs = 60_000;
/** "Last used" is written at most this often, in milliseconds. */
export const lastUsedEveryMs = 60_000;

/**
 * Who may pass where a role is asked for. An admin does not approve by being admin: whoever approves has been given
 * that role, so that four eyes stay four eyes.
 */
const passingRoles: Readonly<Record<Role, readonly Role[]>> = {
  viewer: allRoles,
  developer: ['developer', 'operator', 'admin'],
  approver: ['approver'],
  operator: ['operator', 'admin'],
  admin: ['admin'],
};

/** Where something belongs, as far as it belongs anywhere; null: to no app, to no environment. */
export interface Place {
  readonly app: string | null;
  readonly environment: string | null;
}

/** Whom a credential names, and what it may do. */
export interface Caller {
  readonly kind: 'person' | 'token';
  readonly id: string;
  readonly name: string;
  /** What the journal says about all that is done with this credential. A person's token acts as the person. */
  readonly actor: Actor;
  readonly roles: readonly Role[];
  /** The only app, the only environments that it may touch; null: all. */
  readonly app: string | null;
  readonly environments: readonly string[] | null;
  readonly credential: { readonly kind: 'token' | 'session'; readonly id: string };
}

export function hasRole(roles: readonly Role[], wanted: Role): boolean {
  return roles.some((given) => passingRoles[wanted].includes(given));
}

/** What a credential is bound to. */
export type Bounds = Pick<Caller, 'app' | 'environments'>;

/** Is `place` inside of what the caller is bound to? */
export function mayTouch({ app, environments }: Bounds, place: Place): boolean {
  const isThere = environments === null || (place.environment !== null && environments.includes(place.environment));
  return (app === null || app === place.app) && isThere;
}

/** For lists: who is bound to environments also sees what belongs to their app as a whole. */
export function maySee({ app, environments }: Bounds, place: Place): boolean {
  return mayTouch({ app, environments: place.environment === null ? null : environments }, place);
}

/** `shop/staging,production`; `*` for all. */
export function sayBounds({ app, environments }: Bounds): string {
  return `${app ?? '*'}/${environments?.join(',') ?? '*'}`;
}

function mayBind({ app, environments }: Bounds, wanted: Bounds): boolean {
  const isInside = environments === null || wanted.environments?.every((name) => environments.includes(name)) === true;
  return (app === null || app === wanted.app) && isInside;
}

/** What a token of a person can do: what it was given, as far as the person still has it. */
export function rolesInForce(tokenRoles: readonly Role[], personRoles: readonly Role[]): readonly Role[] {
  return tokenRoles.filter((given) => hasRole(personRoles, given));
}

/**
 * A token never opens more than its maker has. Who has no admin role can make tokens only for themselves and only when
 * signed in, so that a token that leaked cannot make copies of itself. Errors: `forbidden`, `bad-input`.
 */
export function refuseTokenRequest(caller: Caller, request: TokenRequest): void {
  const isAdmin = hasRole(caller.roles, 'admin');
  if (request.speaksFor === 'me' && caller.actor.kind !== 'person') {
    throw new LotseError('bad-input', 'This credential names a system, so a token cannot speak for "me".', {
      hint: 'Leave speaksFor out, or sign in as a person.',
    });
  }
  if (request.speaksFor === 'system' && !isAdmin) throw forbidden('A token for a system is made by an admin.');
  if (caller.credential.kind === 'token' && !isAdmin) throw forbidden('A token makes other tokens only as admin.');
  const missing = request.roles.filter((wanted) => !hasRole(caller.roles, wanted));
  if (missing.length > 0) throw forbidden(`You cannot hand on what you do not have: ${missing.join(', ')}.`);
  if (!mayBind(caller, request))
    throw forbidden('This credential is bound, and cannot make a token that reaches further.');
}

/** Own tokens, and as admin those of others. */
export function mayRevoke(caller: Caller, token: { readonly id: string; readonly person: string | null }): boolean {
  if (hasRole(caller.roles, 'admin') && isUnbound(caller)) return true;
  return token.id === caller.credential.id || (token.person !== null && token.person === personOf(caller));
}

/** May it touch the control plane as a whole? */
export function isUnbound({ app, environments }: Bounds): boolean {
  return app === null && environments === null;
}

/** The person behind a caller; null: a system. */
export function personOf(caller: Caller): string | null {
  return caller.actor.kind === 'person' ? caller.actor.id : null;
}

function forbidden(message: string): LotseError {
  return new LotseError('forbidden', message, { hint: 'Ask someone with the role admin.' });
}
