import type {
  Collection,
  Direction,
  DocumentRef,
  DocumentSnapshot,
  Fields,
  Json,
  JsonObject,
  Operator,
  Query,
  QuerySnapshot,
  Unsubscribe,
} from '../documents.ts';
import type { Listeners } from './listeners.ts';
import { querySql } from './query-sql.ts';
import type { QuerySpec } from './query-sql.ts';
import type { Rows, StoredDocument, Write } from './rows.ts';

export type Store = {
  readonly rows: Rows;
  readonly listeners: Listeners;
  readonly write: (write: Write) => Promise<void>;
};

type Read<T> = (data: JsonObject) => T;

export class SqliteQuery<T extends JsonObject> implements Query<T> {
  protected readonly store: Store;
  protected readonly spec: QuerySpec;
  protected readonly read: Read<T>;

  constructor(store: Store, spec: QuerySpec, read: Read<T>) {
    this.store = store;
    this.spec = spec;
    this.read = read;
  }

  where(field: string, operator: Operator, value: Json): Query<T> {
    return this.#with({ where: [...this.spec.where, { field, operator, value }] });
  }

  orderBy(field: string, direction: Direction = 'asc'): Query<T> {
    return this.#with({ orderBy: [...this.spec.orderBy, { field, direction }] });
  }

  limit(count: number): Query<T> {
    return this.#with({ limit: count });
  }

  async get(): Promise<readonly DocumentSnapshot<T>[]> {
    return this.#find();
  }

  onSnapshot(listener: (snapshot: QuerySnapshot<T>) => void, onError: (error: unknown) => void): Unsubscribe {
    let before: readonly DocumentSnapshot<T>[] | undefined;
    const look = () => {
      const docs = this.#find();
      const changes = changesBetween(before ?? [], docs);
      if (before !== undefined && changes.length === 0) return;
      before = docs;
      listener({ docs, changes });
    };
    return this.store.listeners.add(this.spec.collection, look, onError);
  }

  #find(): readonly DocumentSnapshot<T>[] {
    return this.store.rows.find(querySql(this.spec)).map((stored) => snapshotOf(stored, this.read));
  }

  #with(change: Partial<QuerySpec>): Query<T> {
    const spec = { ...this.spec, ...change };
    querySql(spec); // a wrong query is refused where it is written
    return new SqliteQuery(this.store, spec, this.read);
  }
}

export class SqliteCollection<T extends JsonObject> extends SqliteQuery<T> implements Collection<T> {
  readonly name: string;

  constructor(store: Store, name: string, read: Read<T>) {
    super(store, { collection: name, where: [], orderBy: [], limit: undefined }, read);
    this.name = name;
  }

  doc(id: string): DocumentRef<T> {
    return new SqliteDocument(this.store, this.name, id, this.read);
  }
}

class SqliteDocument<T extends JsonObject> implements DocumentRef<T> {
  readonly collection: string;
  readonly id: string;
  readonly read: Read<T>;
  readonly #store: Store;

  constructor(store: Store, collection: string, id: string, read: Read<T>) {
    this.#store = store;
    this.collection = collection;
    this.id = id;
    this.read = read;
  }

  async get(): Promise<DocumentSnapshot<T> | undefined> {
    return this.#find();
  }

  create(data: T): Promise<void> {
    return this.#store.write({ kind: 'create', collection: this.collection, id: this.id, data });
  }

  set(data: T): Promise<void> {
    return this.#store.write({ kind: 'set', collection: this.collection, id: this.id, data });
  }

  update(fields: Fields): Promise<void> {
    return this.#store.write({ kind: 'update', collection: this.collection, id: this.id, fields });
  }

  delete(): Promise<void> {
    return this.#store.write({ kind: 'delete', collection: this.collection, id: this.id });
  }

  onSnapshot(
    listener: (snapshot: DocumentSnapshot<T> | undefined) => void,
    onError: (error: unknown) => void,
  ): Unsubscribe {
    let before: number | undefined;
    const look = () => {
      const found = this.#find();
      const version = found?.version ?? 0;
      if (version === before) return;
      before = version;
      listener(found);
    };
    return this.#store.listeners.add(this.collection, look, onError);
  }

  #find(): DocumentSnapshot<T> | undefined {
    const stored = this.#store.rows.get(this.collection, this.id);
    return stored === undefined ? undefined : snapshotOf(stored, this.read);
  }
}

function snapshotOf<T>(stored: StoredDocument, read: Read<T>): DocumentSnapshot<T> {
  return { id: stored.id, version: stored.version, data: read(stored.data) };
}

function changesBetween<T>(
  before: readonly DocumentSnapshot<T>[],
  after: readonly DocumentSnapshot<T>[],
): QuerySnapshot<T>['changes'] {
  const versions = new Map(before.map((doc) => [doc.id, doc.version]));
  const stillThere = new Set(after.map((doc) => doc.id));
  const removed = before.filter((doc) => !stillThere.has(doc.id)).map((doc) => ({ kind: 'removed', doc }) as const);
  const others = after
    .filter((doc) => versions.get(doc.id) !== doc.version)
    .map((doc) => ({ kind: versions.has(doc.id) ? 'modified' : 'added', doc }) as const);
  return [...removed, ...others];
}
