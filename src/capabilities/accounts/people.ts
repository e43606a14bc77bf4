import { LotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import type { Actor } from '../../core/events.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import { allRoles } from './accounts.ts';
import type { PersonChange, PersonRequest, PersonView } from './accounts-api.ts';
import { erasePersonRows, findPerson, insertPerson, isMailTaken, listPeople, updatePerson } from './accounts-rows.ts';
import { newCredentialId } from './credential-secrets.ts';
import { endSessionsOf } from './session-rows.ts';
import type { Transaction } from '../../database/schema.ts';

export interface People {
  /** The first person with the role admin; made, with all roles, when there is none. */
  ensureOwner(): Promise<PersonView>;
  list(): Promise<readonly PersonView[]>;
  /** Errors: `conflict` when the mail address is taken. */
  add(request: PersonRequest, by: Actor): Promise<PersonView>;
  /** Errors: `not-found`; `conflict` for a taken address, and when no admin would be left. */
  change(id: string, change: PersonChange, by: Actor): Promise<PersonView>;
  /** Errors: `not-found`; `conflict` for the last admin. */
  erase(id: string, by: Actor): Promise<void>;
}

export function createPeople(parts: AccountParts): People {
  const { database, journal, fence, now } = parts;
  return {
    list: () => listPeople(database.db),
    async ensureOwner() {
      const admin = (await listPeople(database.db)).find(isAdmin);
      return admin ?? addPerson(parts, { name: 'Owner', mail: null, roles: [...allRoles] }, systemActor);
    },
    add: (request, by) => addPerson(parts, request, by),
    change: (id, change, by) => changePerson(parts, id, change, by),
    async erase(id, by) {
      await journal.transact(async ({ trx, append }) => {
        const person = await knownPerson(trx, id);
        if (isAdmin(person)) await refuseLastAdmin(trx, person);
        await append('control', fence(), [accountEvent('person-erased', by, { person: id })]);
        await erasePersonRows(trx, id, now());
      });
    },
  };
}

async function addPerson(
  { journal, fence, now }: AccountParts,
  request: PersonRequest,
  by: Actor,
): Promise<PersonView> {
  const id = newCredentialId();
  const createdAt = now();
  await journal.transact(async ({ trx, append }) => {
    if (request.mail !== null && (await isMailTaken(trx, request.mail))) {
      throw mailTaken(request.mail);
    }
    await append('control', fence(), [accountEvent('person-added', by, { person: id, roles: request.roles })]);
    await insertPerson(trx, id, request, createdAt);
  });
  return { id, createdAt, name: request.name, mail: request.mail, roles: request.roles, disabledAt: null };
}

async function changePerson(
  { journal, fence, now }: AccountParts,
  id: string,
  { reason, disabled, name, mail, roles }: PersonChange,
  by: Actor,
): Promise<PersonView> {
  return await journal.transact(async ({ trx, append }) => {
    const before = await knownPerson(trx, id);
    const isDisabled = disabled ?? before.disabledAt !== null;
    const after: PersonView = {
      ...before,
      ...{ name: name ?? before.name, mail: mail === undefined ? before.mail : mail, roles: roles ?? before.roles },
      disabledAt: isDisabled ? (before.disabledAt ?? now()) : null,
    };
    if (isAdmin(before) && !isAdmin(after)) await refuseLastAdmin(trx, before);
    if (after.mail !== null && after.mail !== before.mail && (await isMailTaken(trx, after.mail))) {
      throw mailTaken(after.mail);
    }
    const given = Object.entries({ name, mail, roles, disabled }).filter(([, value]) => value !== undefined);
    const payload = { person: id, changed: given.map(([what]) => what), roles: after.roles, isDisabled };
    await append('control', fence(), [accountEvent('person-changed', by, payload, reason)]);
    await updatePerson(trx, after);
    if (isDisabled) await endSessionsOf(trx, id, now());
    return after;
  });
}

async function knownPerson(trx: Transaction, id: string): Promise<PersonView> {
  const person = await findPerson(trx, id);
  if (person === null) throw new LotseError('not-found', `There is no person ${id}.`);
  return person;
}

async function refuseLastAdmin(trx: Transaction, person: PersonView): Promise<void> {
  if ((await listPeople(trx)).filter(isAdmin).length > 1) return;
  throw new LotseError('conflict', `${person.name} is the only admin.`, {
    hint: 'Give another person the role admin first.',
  });
}

/** One who can do nothing is none. */
function isAdmin(person: PersonView): boolean {
  return person.disabledAt === null && person.roles.includes('admin');
}

function mailTaken(mail: string): LotseError {
  return new LotseError('conflict', `Somebody with the address ${mail} is there already.`);
}
