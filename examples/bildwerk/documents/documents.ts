/**
 * The port `documents`: where the app keeps what it knows about people and pictures.
 *
 * It has the shape of Firestore (https://firebase.google.com/docs/firestore/reference): collections of documents, queries,
 * transactions and listeners. So a driver for Firestore is a thin adapter, and the SQLite driver makes the app run with
 * nothing else installed. Every driver passes `documents.contract.ts`.
 *
 * What holds for every driver:
 * - Several processes, also of two releases, share one store. A document may hold fields that this release does not know:
 *   change documents with `update`, which leaves other fields alone.
 * - A listener hears of a change by any process within about a second; it may miss states in between, never the last one.
 */
export interface Documents {
  /** `read` turns stored data into a `T`; it throws when the data cannot be one. Creates nothing. */
  collection<T extends JsonObject>(name: string, read: (data: JsonObject) => T): Collection<T>;

  /**
   * Runs `work` so that what it read is still true when its writes take hold, all of them or none.
   * `work` may run several times, so it must have no other effects; reads come before writes.
   * Throws `aborted` after five attempts that others got in the way of.
   */
  runTransaction<R>(work: (transaction: Transaction) => Promise<R>): Promise<R>;

  /** Ends all listeners. May be called twice. */
  close(): Promise<void>;
}

export interface Query<T> {
  /** `field` is a path such as `steps.check.state`. A document without the field is never found. */
  where(field: string, operator: Operator, value: Json): Query<T>;
  /** Documents without the field are left out. The id decides between equals. Without any: by id. */
  orderBy(field: string, direction?: Direction): Query<T>;
  limit(count: number): Query<T>;
  get(): Promise<readonly DocumentSnapshot<T>[]>;
  /**
   * Calls `listener` with the result as it is now, then again whenever it has changed, one call after the other.
   * Returns the function that ends it; after that `listener` is not called any more. `onError` ends it, too.
   */
  onSnapshot(listener: (snapshot: QuerySnapshot<T>) => void, onError: (error: unknown) => void): Unsubscribe;
}

export interface Collection<T> extends Query<T> {
  readonly name: string;
  doc(id: string): DocumentRef<T>;
}

export interface DocumentRef<T> {
  readonly collection: string;
  readonly id: string;
  readonly read: (data: JsonObject) => T;
  get(): Promise<DocumentSnapshot<T> | undefined>;
  /** Throws `already-exists`. */
  create(data: T): Promise<void>;
  /** Replaces the whole document, or makes it. */
  set(data: T): Promise<void>;
  /** Changes the named fields (paths as in `where`) and no others. Throws `not-found`. */
  update(fields: Fields): Promise<void>;
  /** No error when there is none. */
  delete(): Promise<void>;
  /** As on a query; `undefined` stands for "no such document". */
  onSnapshot(
    listener: (snapshot: DocumentSnapshot<T> | undefined) => void,
    onError: (error: unknown) => void,
  ): Unsubscribe;
}

/** As on a `DocumentRef`, but the writes take hold together at the end. */
export interface Transaction {
  get<T>(ref: DocumentRef<T>): Promise<DocumentSnapshot<T> | undefined>;
  create<T extends JsonObject>(ref: DocumentRef<T>, data: T): void;
  set<T extends JsonObject>(ref: DocumentRef<T>, data: T): void;
  update<T>(ref: DocumentRef<T>, fields: Fields): void;
  delete<T>(ref: DocumentRef<T>): void;
}

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };
/** Field path to new value, e.g. `{ 'steps.check.state': 'done' }`. */
export type Fields = JsonObject;
export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'array-contains';
export type Direction = 'asc' | 'desc';
export type Unsubscribe = () => void;

export type DocumentSnapshot<T> = {
  readonly id: string;
  readonly data: T;
  /** Grows with every change of the document. */
  readonly version: number;
};

export type QuerySnapshot<T> = {
  readonly docs: readonly DocumentSnapshot<T>[];
  /** What is different from the snapshot before; in the first one everything is `added`. */
  readonly changes: readonly { readonly kind: 'added' | 'modified' | 'removed'; readonly doc: DocumentSnapshot<T> }[];
};

export type DocumentsErrorCode = 'already-exists' | 'not-found' | 'aborted' | 'invalid-argument';

export class DocumentsError extends Error {
  readonly code: DocumentsErrorCode;
  constructor(code: DocumentsErrorCode, message: string) {
    super(message);
    this.name = 'DocumentsError';
    this.code = code;
  }
}
