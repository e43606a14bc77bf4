import { createHash } from 'node:crypto';
import type { Documents } from '../documents/documents.ts';
import { DocumentsError } from '../documents/documents.ts';
import { accounts, sessions } from '../model/account.ts';
import { pictures } from '../model/picture.ts';
import type { PictureFiles } from '../pictures/picture-files.ts';
import { HttpProblem } from './http/problem.ts';
import { hashPassword, isPassword } from './passwords.ts';

const failuresAllowed = 8;
const failuresForgottenMs = 5 * 60_000;

type Registration = {
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly verification: boolean;
};

/** Accounts: who may come in. An account's id is made from its address, so an address can have only one. */
export class AccountBook {
  readonly #documents: Documents;
  readonly #files: PictureFiles;
  /** Failed sign-ins per account, in this process: a brake for guessing, not a lock. */
  readonly #failures = new Map<string, { count: number; readonly since: number }>();

  constructor(documents: Documents, files: PictureFiles) {
    this.#documents = documents;
    this.#files = files;
  }

  /** Resolves to the id of the new account. Throws 422 with what to change, or 409. */
  async register(registration: Registration): Promise<string> {
    const { email, name, password, verification } = registration;
    if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 200) {
      throw new HttpProblem(422, 'Please give an e-mail address.');
    }
    if (name === '' || name.length > 80) throw new HttpProblem(422, 'Please give a name of up to 80 letters.');
    if (password.length < 10) throw new HttpProblem(422, 'Please choose a password of at least 10 characters.');
    if (password.length > 200) throw new HttpProblem(422, 'A password of up to 200 characters is enough.');
    const id = idOf(email);
    const account = { email, name, password: await hashPassword(password), createdAt: Date.now(), verification };
    try {
      await accounts(this.#documents).doc(id).create(account);
    } catch (error) {
      if (!(error instanceof DocumentsError && error.code === 'already-exists')) throw error;
      throw new HttpProblem(409, 'There is an account with this address already. Sign in instead?');
    }
    return id;
  }

  /** Resolves to the account's id. Throws 401 for a wrong address or password alike, 429 after too many. */
  async signIn(email: string, password: string): Promise<string> {
    const id = idOf(email);
    this.#brake(id);
    const account = (await accounts(this.#documents).doc(id).get())?.data;
    if (await isPassword(password.slice(0, 200), account?.password)) {
      this.#failures.delete(id);
      return id;
    }
    const before = this.#failures.get(id) ?? { count: 0, since: Date.now() };
    this.#failures.set(id, { ...before, count: before.count + 1 });
    throw new HttpProblem(401, 'This address and password do not belong together.');
  }

  /** Removes the account with all its pictures and sessions. Throws 401 unless the password is right. */
  async remove(id: string, password: string): Promise<void> {
    const account = (await accounts(this.#documents).doc(id).get())?.data;
    if (!(await isPassword(password, account?.password))) throw new HttpProblem(401, 'This is not your password.');
    for (const picture of await pictures(this.#documents).where('owner', '==', id).get()) {
      await pictures(this.#documents).doc(picture.id).delete();
      await this.#files.remove(picture.id);
    }
    const open = await sessions(this.#documents).where('account', '==', id).get();
    for (const session of open) await sessions(this.#documents).doc(session.id).delete();
    await accounts(this.#documents).doc(id).delete();
  }

  #brake(id: string): void {
    for (const [key, { since }] of this.#failures) {
      if (since < Date.now() - failuresForgottenMs) this.#failures.delete(key);
    }
    if ((this.#failures.get(id)?.count ?? 0) < failuresAllowed) return;
    throw new HttpProblem(429, 'Too many attempts. Please wait five minutes.');
  }
}

function idOf(email: string): string {
  return createHash('sha256').update(email.trim().toLowerCase()).digest('hex').slice(0, 32);
}
