import type { Collection, Documents, JsonObject } from '../documents/documents.ts';
import { booleanOf, numberOf, textOf } from './read-fields.ts';

export type Account = {
  readonly email: string;
  readonly name: string;
  /** As written by `dashboard/passwords.ts`. */
  readonly password: string;
  readonly createdAt: number;
  /** Made by a verification of a release: the work it causes is marked. It has no other rights or limits. */
  readonly verification: boolean;
};

export type Session = { readonly account: string; readonly createdAt: number; readonly expiresAt: number };

export function accounts(documents: Documents): Collection<Account> {
  return documents.collection('accounts', (data: JsonObject) => ({
    email: textOf(data, 'email'),
    name: textOf(data, 'name'),
    password: textOf(data, 'password'),
    createdAt: numberOf(data, 'createdAt'),
    verification: booleanOf(data, 'verification'),
  }));
}

export function sessions(documents: Documents): Collection<Session> {
  return documents.collection('sessions', (data: JsonObject) => ({
    account: textOf(data, 'account'),
    createdAt: numberOf(data, 'createdAt'),
    expiresAt: numberOf(data, 'expiresAt'),
  }));
}
