import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Documents, JsonObject } from '../documents/documents.ts';
import { accounts, sessions } from '../model/account.ts';
import type { Account } from '../model/account.ts';
import { textOf } from '../model/read-fields.ts';

const cookieName = 'bildwerk_session';
const sessionMs = 30 * 24 * 3_600_000;

export type SignedIn = { readonly accountId: string; readonly sessionId: string; readonly account: Account };

/**
 * Who is signed in. The cookie holds a random token; the store knows it only as a keyed hash, so a copy of the store opens
 * no session. The key is made by the first dashboard that starts, and every other one finds it in the store.
 */
export class SessionBook {
  readonly #documents: Documents;
  readonly #key: Buffer;

  private constructor(documents: Documents, key: Buffer) {
    this.#documents = documents;
    this.#key = key;
  }

  static async open(documents: Documents): Promise<SessionBook> {
    const ref = documents
      .collection('settings', (data: JsonObject) => ({ key: textOf(data, 'key') }))
      .doc('session-key');
    const key = await documents.runTransaction(async (transaction) => {
      const known = (await transaction.get(ref))?.data.key;
      if (known !== undefined) return known;
      const made = randomBytes(32).toString('base64');
      transaction.create(ref, { key: made });
      return made;
    });
    return new SessionBook(documents, Buffer.from(key, 'base64'));
  }

  /** Opens a session; the result is the `Set-Cookie` that belongs to it. */
  async begin(accountId: string, request: IncomingMessage): Promise<string> {
    await this.#removeExpired(accountId);
    const token = randomBytes(32).toString('base64url');
    const now = Date.now();
    const session = { account: accountId, createdAt: now, expiresAt: now + sessionMs };
    await sessions(this.#documents).doc(this.#idOf(token)).create(session);
    return cookie(token, sessionMs / 1000, request);
  }

  async find(request: IncomingMessage): Promise<SignedIn | undefined> {
    const token = readCookie(request.headers.cookie ?? '');
    if (token === undefined) return undefined;
    const sessionId = this.#idOf(token);
    const session = (await sessions(this.#documents).doc(sessionId).get())?.data;
    if (session === undefined || session.expiresAt < Date.now()) return undefined;
    const account = (await accounts(this.#documents).doc(session.account).get())?.data;
    return account && { accountId: session.account, sessionId, account };
  }

  async end(sessionId: string, request: IncomingMessage): Promise<string> {
    await sessions(this.#documents).doc(sessionId).delete();
    return cookie('', 0, request);
  }

  async #removeExpired(accountId: string): Promise<void> {
    const all = await sessions(this.#documents).where('account', '==', accountId).get();
    const expired = all.filter(({ data }) => data.expiresAt < Date.now());
    for (const { id } of expired) await sessions(this.#documents).doc(id).delete();
  }

  #idOf(token: string): string {
    return createHmac('sha256', this.#key).update(token).digest('hex');
  }
}

function cookie(value: string, maxAgeS: number, request: IncomingMessage): string {
  const secure = request.headers['x-forwarded-proto'] === 'https' ? '; Secure' : '';
  return `${cookieName}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure}`;
}

function readCookie(header: string): string | undefined {
  const pairs = header.split(';').map((pair) => pair.trim());
  const found = pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  return found === '' ? undefined : found;
}
