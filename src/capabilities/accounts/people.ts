import { LotseError } from '../../core/errors.ts';
import { systemActor } from '../../core/events.ts';
import type { Actor } from '../../core/events.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import { allRoles } from './accounts.ts';
import type { PersonRequest, PersonView } from './accounts-api.ts';
import { erasePersonRows, findPerson, insertPerson, isMailTaken, listPeople } from './accounts-rows.ts';
import { newCredentialId } from './credential-secrets.ts';

export interface People {
  /** The first person with the role admin; made, with all roles, when there is none. */
  ensureOwner(): Promise<PersonView>;
  list(): Promise<readonly PersonView[]>;
  /** Errors: `conflict` when the mail address is taken. */
  add(request: PersonRequest, by: Actor): Promise<PersonView>;
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
    async erase(id, by) {
      await journal.transact(async ({ trx, append }) => {
        const person = await findPerson(trx, id);
        if (person === null) throw new LotseError('not-found', `There is no person ${id}.`);
        if (isAdmin(person) && (await listPeople(trx)).filter(isAdmin).length === 1) {
          throw new LotseError('conflict', `${person.name} is the only admin.`, {
            hint: 'Add another person with the role admin first.',
          });
        }
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
      throw new LotseError('conflict', `Somebody with the address ${request.mail} is there already.`);
    }
    await append('control', fence(), [accountEvent('person-added', by, { person: id, roles: request.roles })]);
    await insertPerson(trx, id, request, createdAt);
  });
  return { id, createdAt, name: request.name, mail: request.mail, roles: request.roles };
}

function isAdmin(person: PersonView): boolean {
  return person.roles.includes('admin');
}
