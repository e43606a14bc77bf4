import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import type { UnixMs } from '../../core/ids.ts';
import { accountEvent } from './account-events.ts';
import type { AccountParts } from './account-parts.ts';
import type { PersonView } from './accounts-api.ts';
import { listPeople } from './accounts-rows.ts';
import { decoyHash, hashPassword, isPassword } from './password-hash.ts';

export interface Passwords {
  /** Since when a person has this one; null: they have none. */
  since(person: string): Promise<UnixMs | null>;
  /** Errors: `bad-input` for what is guessed first. */
  set(person: PersonView, password: string, by: Actor): Promise<void>;
  /** May be called again. */
  remove(person: string, by: Actor): Promise<void>;
  /**
   * Whose password this is; null for a wrong one, for people who are unknown, disabled or have none. The answer takes
   * the same time for all of them. `who`: a mail address, or a name that one person alone has.
   */
  check(who: string, password: string): Promise<PersonView | null>;
}

export function createPasswords({ database: { db }, journal, fence, now }: AccountParts): Passwords {
  const stored = (person: string) =>
    db.selectFrom('passwords').selectAll().where('person', '=', person).executeTakeFirst();
  return {
    since: async (person) => (await stored(person))?.changed_at ?? null,
    async set({ id, name, mail }, password, by) {
      refuseGuessable(password, [name, mail ?? '']);
      const changed = { hash: await hashPassword(password), changed_at: now() };
      await journal.transact(async ({ trx, append }) => {
        await append('control', fence(), [accountEvent('password-set', by, { person: id })]);
        await trx
          .insertInto('passwords')
          .values({ person: id, ...changed })
          .onConflict((conflict) => conflict.column('person').doUpdateSet(changed))
          .execute();
      });
    },
    async remove(person, by) {
      await journal.transact(async ({ trx, append }) => {
        const { numDeletedRows } = await trx.deleteFrom('passwords').where('person', '=', person).executeTakeFirst();
        if (numDeletedRows > 0n) await append('control', fence(), [accountEvent('password-removed', by, { person })]);
      });
    },
    async check(who, password) {
      const [person, ...others] = (await listPeople(db)).filter((each) => isMeant(each, who));
      const hash = person === undefined || others.length > 0 ? undefined : (await stored(person.id))?.hash;
      const isRight = await isPassword(password, hash ?? decoyHash);
      return isRight && hash !== undefined ? (person ?? null) : null;
    },
  };
}

function isMeant({ name, mail, disabledAt }: PersonView, who: string): boolean {
  const wanted = who.trim().toLowerCase();
  return disabledAt === null && (mail?.toLowerCase() === wanted || name.toLowerCase() === wanted);
}

function refuseGuessable(password: string, known: readonly string[]): void {
  const text = password.toLowerCase();
  const isOwn = known.some((word) => word.length >= 4 && text.includes(word.toLowerCase()));
  if (!isOwn && new Set(text).size >= 5) return;
  throw new LotseError('bad-input', 'This password would be guessed first.', {
    hint: 'It holds a name, an address or few letters. Four words that have nothing to do with each other are good.',
  });
}
