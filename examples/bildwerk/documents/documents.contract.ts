import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Documents, DocumentSnapshot, JsonObject, QuerySnapshot } from './documents.ts';

/** Two connections to one store, as two processes would have them. */
export type DocumentsPair = { readonly one: Documents; readonly other: Documents; readonly close: () => Promise<void> };

type Note = {
  readonly title: string;
  readonly rank: number;
  readonly done: boolean;
  readonly tags: readonly string[];
} & JsonObject;

/** What every driver of the port must hold. */
export function documentsContract(driver: string, openPair: () => Promise<DocumentsPair>): void {
  describe(`documents on ${driver}`, () => {
    let pair: DocumentsPair;
    let count = 0;
    const fresh = () => `notes${++count}`;
    before(async () => (pair = await openPair()));
    after(() => pair.close());

    documentFacts(() => pair, fresh);
    queryFacts(() => pair, fresh);
    transactionFacts(() => pair, fresh);
    listenerFacts(() => pair, fresh);
    silenceFacts(() => pair, fresh);
  });
}

type Facts = (pair: () => DocumentsPair, fresh: () => string) => void;

const documentFacts: Facts = (pair, fresh) => {
  it('what one process writes, another reads', async () => {
    const name = fresh();
    await notes(pair().one, name).doc('a').create(note('first', 1));
    const found = await notes(pair().other, name).doc('a').get();
    assert.deepEqual(found?.data, note('first', 1));
    assert.equal(await notes(pair().other, name).doc('b').get(), undefined);
  });

  it('create refuses a document that is there, update one that is not, delete neither', async () => {
    const doc = notes(pair().one, fresh()).doc('a');
    await assert.rejects(doc.update({ rank: 2 }), { code: 'not-found' });
    await doc.delete();
    await doc.create(note('first', 1));
    await assert.rejects(doc.create(note('again', 1)), { code: 'already-exists' });
    await doc.delete();
    assert.equal(await doc.get(), undefined);
  });

  it('an update changes the named fields and leaves those it does not know', async () => {
    const doc = notes(pair().one, fresh()).doc('a');
    await doc.create({ ...note('first', 1), later: { deep: { kept: 1, changed: 1 } } });
    await doc.update({ rank: 5, 'later.deep.changed': 2, 'made.onTheWay': true });
    const expected = { ...note('first', 5), later: { deep: { kept: 1, changed: 2 } }, made: { onTheWay: true } };
    assert.deepEqual((await doc.get())?.data, expected);
  });

  it('a version grows with every change, also over a deletion', async () => {
    const doc = notes(pair().one, fresh()).doc('a');
    await doc.create(note('first', 1));
    const first = (await doc.get())?.version ?? 0;
    await doc.delete();
    await doc.create(note('first', 1));
    assert.ok(((await doc.get())?.version ?? 0) > first);
  });
};

const queryFacts: Facts = (pair, fresh) => {
  it('where compares values of one type only', async () => {
    const all = await filled(pair().one, fresh());
    assert.deepEqual(await ids(all.where('rank', '==', 2)), ['b']);
    assert.deepEqual(await ids(all.where('rank', '==', '2')), []);
    assert.deepEqual(await ids(all.where('done', '==', true)), ['c']);
    assert.deepEqual(await ids(all.where('done', '==', 1)), []);
    assert.deepEqual(await ids(all.where('title', '!=', 'two')), ['a', 'c']);
    assert.deepEqual(await ids(all.where('rank', '>=', 2)), ['b', 'c']);
    assert.deepEqual(await ids(all.where('title', '<', 'p')), ['a']);
    assert.deepEqual(await ids(all.where('title', '>', 0)), []);
    assert.deepEqual(await ids(all.where('rank', 'in', [1, 3, 9])), ['a', 'c']);
    assert.deepEqual(await ids(all.where('tags', 'array-contains', 'even')), ['b']);
    assert.deepEqual(await ids(all.where('missing', '!=', 1)), []);
    assert.deepEqual(await ids(all.where('rank', '>', 1).where('done', '==', false)), ['b']);
  });

  it('orderBy and limit', async () => {
    const all = await filled(pair().one, fresh());
    assert.deepEqual(await ids(all.orderBy('rank', 'desc')), ['c', 'b', 'a']);
    assert.deepEqual(await ids(all.orderBy('done', 'desc').orderBy('rank')), ['c', 'a', 'b']);
    assert.deepEqual(await ids(all.orderBy('title').limit(2)), ['a', 'c']);
    assert.deepEqual(await ids(all.orderBy('missing')), []);
  });

  it('a wrong query is refused where it is written', () => {
    const all = notes(pair().one, fresh());
    assert.throws(() => all.where("title') OR 1=1 --", '==', 1), { code: 'invalid-argument' });
    assert.throws(() => all.where('rank', 'in', []), { code: 'invalid-argument' });
    assert.throws(() => all.where('rank', '<', true), { code: 'invalid-argument' });
    assert.throws(() => all.limit(0), { code: 'invalid-argument' });
  });
};

const transactionFacts: Facts = (pair, fresh) => {
  it('two processes that count in transactions lose no step', async () => {
    const name = fresh();
    await notes(pair().one, name).doc('a').create(note('counter', 0));
    const countUp = async (documents: Documents) => {
      const doc = notes(documents, name).doc('a');
      for (let step = 0; step < 20; step++) await untilNotAborted(() => increment(documents, doc));
    };
    await Promise.all([countUp(pair().one), countUp(pair().other)]);
    assert.equal((await notes(pair().one, name).doc('a').get())?.data.rank, 40);
  });

  it('a transaction that throws, or whose write is refused, leaves nothing behind', async () => {
    const all = notes(pair().one, fresh());
    await all.doc('a').create(note('first', 1));
    const thrown = pair().one.runTransaction(async (transaction) => {
      transaction.update(all.doc('a'), { rank: 9 });
      throw new Error('changed my mind');
    });
    await assert.rejects(thrown, /changed my mind/);
    const refused = pair().one.runTransaction(async (transaction) => {
      transaction.update(all.doc('a'), { rank: 9 });
      transaction.create(all.doc('a'), note('second', 2));
    });
    await assert.rejects(refused, { code: 'already-exists' });
    assert.equal((await all.doc('a').get())?.data.rank, 1);
  });

  it('reads come before writes', async () => {
    const all = notes(pair().one, fresh());
    const late = pair().one.runTransaction(async (transaction) => {
      transaction.create(all.doc('a'), note('first', 1));
      await transaction.get(all.doc('a'));
    });
    await assert.rejects(late, { code: 'invalid-argument' });
  });

  it('a document that appears after it was read as missing makes the transaction run again', async () => {
    const name = fresh();
    let runs = 0;
    const seen = await pair().one.runTransaction(async (transaction) => {
      const doc = notes(pair().one, name).doc('a');
      const found = await transaction.get(doc);
      if (++runs === 1) await notes(pair().other, name).doc('a').create(note('theirs', 1));
      transaction.set(doc, note('ours', 2));
      return found?.data.title;
    });
    assert.equal(runs, 2);
    assert.equal(seen, 'theirs');
  });
};

const listenerFacts: Facts = (pair, fresh) => {
  it('a query listener hears the result now and every change of it, by either process', async () => {
    const name = fresh();
    const heard: QuerySnapshot<Note>[] = [];
    await notes(pair().other, name).doc('a').create(note('first', 1));
    const end = notes(pair().one, name)
      .where('rank', '<', 10)
      .onSnapshot((snapshot) => heard.push(snapshot), failOn);
    await until(() => heard.length === 1);
    await notes(pair().other, name).doc('b').create(note('second', 2));
    await until(() => heard.length === 2);
    await notes(pair().one, name).doc('a').update({ rank: 3 });
    await until(() => heard.length === 3);
    await notes(pair().other, name).doc('a').update({ rank: 30 });
    await until(() => heard.length === 4);
    end();
    const kinds = heard.map(({ changes }) => changes.map(({ kind, doc }) => `${kind} ${doc.id}`));
    assert.deepEqual(kinds, [['added a'], ['added b'], ['modified a'], ['removed a']]);
  });

  it('a document listener hears of making, changing and deleting', async () => {
    const name = fresh();
    const heard: (number | undefined)[] = [];
    const listener = (found: DocumentSnapshot<Note> | undefined) => heard.push(found?.data.rank);
    const end = notes(pair().one, name).doc('a').onSnapshot(listener, failOn);
    await until(() => heard.length === 1);
    await notes(pair().other, name).doc('a').create(note('first', 1));
    await until(() => heard.length === 2);
    await notes(pair().other, name).doc('a').delete();
    await until(() => heard.length === 3);
    end();
    assert.deepEqual(heard, [undefined, 1, undefined]);
  });
};

const silenceFacts: Facts = (pair, fresh) => {
  it('a change elsewhere is no news, and after its end a listener hears nothing', async () => {
    const name = fresh();
    let calls = 0;
    const end = notes(pair().one, name)
      .where('rank', '==', 1)
      .onSnapshot(() => calls++, failOn);
    await until(() => calls === 1);
    await notes(pair().other, name).doc('x').create(note('other', 2));
    await notes(pair().other, fresh()).doc('x').create(note('other', 1));
    await sleep(300);
    end();
    await notes(pair().one, name).doc('a').create(note('late', 1));
    await sleep(50);
    assert.equal(calls, 1);
  });

  it('a listener that cannot read a document ends with the error', async () => {
    const name = fresh();
    await notes(pair().one, name).doc('a').create(note('first', 1));
    const wrong = pair().one.collection<Note>(name, () => {
      throw new Error('not a note');
    });
    const error = await new Promise((resolve) => wrong.onSnapshot(() => resolve(undefined), resolve));
    assert.match(String(error), /not a note/);
  });
};

const failOn = (error: unknown) => assert.fail(String(error));

const notes = (documents: Documents, name: string) => documents.collection<Note>(name, readNote);

function note(title: string, rank: number): Note {
  return { title, rank, done: rank === 3, tags: rank % 2 === 0 ? ['even'] : [] };
}

function readNote(data: JsonObject): Note {
  const { title, rank, done } = data;
  if (typeof title !== 'string' || typeof rank !== 'number' || typeof done !== 'boolean') throw new Error('not a note');
  return { ...data, title, rank, done, tags: Array.isArray(data['tags']) ? data['tags'].map(String) : [] };
}

async function filled(documents: Documents, name: string) {
  const all = notes(documents, name);
  await all.doc('a').create(note('one', 1));
  await all.doc('b').create(note('two', 2));
  await all.doc('c').create(note('three', 3));
  return all;
}

async function ids(query: { get(): Promise<readonly DocumentSnapshot<Note>[]> }): Promise<string[]> {
  return (await query.get()).map((doc) => doc.id);
}

function increment(documents: Documents, doc: ReturnType<ReturnType<typeof notes>['doc']>): Promise<void> {
  return documents.runTransaction(async (transaction) => {
    const found = await transaction.get(doc);
    await sleep(1);
    transaction.update(doc, { rank: (found?.data.rank ?? 0) + 1 });
  });
}

async function untilNotAborted(work: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'aborted')) throw error;
    }
  }
  assert.fail('still aborted after 200 attempts');
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail('did not happen within 60 s');
    await sleep(5);
  }
}
