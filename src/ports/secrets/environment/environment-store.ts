import type { Scope, UnixMs } from '../../../core/ids.ts';
import { Secret } from '../../../core/secret.ts';
import { readOnlyStore } from '../ask-store.ts';
import type { EnvironmentSource } from '../secret-source.ts';
import type { SecretPlace, SecretStore } from '../secrets.ts';

/**
 * Variables of the control plane's own process, which a service manager gives it (systemd credentials, a secrets
 * operator): `LOTSE_SECRET_SHOP__PRODUCTION__SESSION_KEY`. They have no versions of their own: each start of the control
 * plane is one.
 */
export function environmentStore({ prefix, variables }: EnvironmentSource, startedAt: UnixMs): SecretStore {
  const version = String(startedAt);
  const title = `variables of the control plane (${prefix}…)`;
  const refuse = (scope: Scope) =>
    readOnlyStore(title, `Give the control plane ${headOf(prefix, scope)}NAME where it is started, and restart it.`);
  return {
    traits: { title, isReadOnly: true, keepsBooks: false },
    read: (place, wanted) => {
      const value = variables[variableOf(prefix, place)] ?? '';
      const isHeld = value !== '' && (wanted === undefined || wanted === version);
      return Promise.resolve(isHeld ? { version, value: new Secret(value) } : null);
    },
    list: (scope) => {
      const head = headOf(prefix, scope);
      const names = Object.entries(variables).flatMap(([name, value]) =>
        name.startsWith(head) && name.length > head.length && (value ?? '') !== '' ? [name.slice(head.length)] : [],
      );
      return Promise.resolve(names.sort().map((name) => ({ name, version, setAt: startedAt })));
    },
    write: (place) => Promise.reject(refuse(place)),
    revoke: (place) => Promise.reject(refuse(place)),
    remove: (place) => Promise.reject(refuse(place)),
  };
}

function variableOf(prefix: string, place: SecretPlace): string {
  return `${headOf(prefix, place)}${place.name}`;
}

function headOf(prefix: string, { app, environment }: Scope): string {
  return `${prefix}${[app, environment].map((name) => name.toUpperCase().replaceAll('-', '_')).join('__')}__`;
}
