import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

/** One thing that the page did or heard, in the order in which it happened there. */
export interface Note {
  readonly kind: `stream-${'opening' | 'open' | 'told' | 'lost'}` | 'view-opened' | 'asked' | 'answered' | 'unanswered';
  /** Type of the change, `GET /api/…`, or that with the status. */
  readonly what: string;
  /** Unix milliseconds by the clock of this machine. */
  readonly at: number;
  /** Which question was asked or answered, counted from 1; 0: none. */
  readonly question: number;
}

/** What the page says with its one stream and its requests, written down inside the page. */
export class PageRecord {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Before the page is opened. Each load of the page begins anew: a note from before proves that there was none since. */
  static async of(page: Page): Promise<PageRecord> {
    await page.addInitScript(recordHere);
    return new PageRecord(page);
  }

  async notes(): Promise<readonly Note[]> {
    return await this.#page.evaluate(() => Reflect.get(window, 'lotseNotes'));
  }

  /** When this selector has first been there with this text since it was asked to `watchFor` it; null: not yet. */
  async seenAt(name: string): Promise<number | null> {
    return await this.#page.evaluate((wanted) => Reflect.get(window, 'lotseSeen')[wanted] ?? null, name);
  }

  /** Writes down when `text` stands in an element of `selector`, under `name`. */
  async watchFor(name: string, selector: string, text: string): Promise<void> {
    await this.#page.evaluate(
      ([wanted, where, words]) => {
        const seen = Reflect.get(window, 'lotseSeen');
        const look = (): void => {
          const all = [...document.querySelectorAll(where ?? '')];
          if (wanted === undefined || !all.some((each) => each.textContent.includes(words ?? ''))) return;
          seen[wanted] = performance.timeOrigin + performance.now();
          observer.disconnect();
        };
        const observer = new MutationObserver(look);
        observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
        look();
      },
      [name, selector, text],
    );
  }

  /**
   * The page has never held two streams, and has not gone on asking the same unless the stream told it something, was
   * lost or came back, somebody opened a view or changed something, or the answer before had failed.
   */
  async assertNoPolling(): Promise<void> {
    const notes = await this.notes();
    assert.ok(notes.length > 0);
    assert.deepEqual(secondStreams(notes), []);
    assert.deepEqual(needlessQuestions(notes), []);
  }
}

function secondStreams(notes: readonly Note[]): readonly Note[] {
  let isOpen = false;
  return notes.filter(({ kind }) => {
    const isSecond = kind === 'stream-opening' && isOpen;
    if (kind === 'stream-opening') isOpen = true;
    if (kind === 'stream-lost') isOpen = false;
    return isSecond;
  });
}

/** One reason is good for two questions: a view that opens asks at once, and what the stream tells is gathered first. */
const questionsPerReason = 2;
/** What a failure shows of what went before. */
const shownBefore = 12;

/** Each with what went before it. */
function needlessQuestions(notes: readonly Note[]): readonly (readonly Note[])[] {
  /** By address: the questions since there was a reason to ask, without those that failed. */
  const asked = new Map<string, Set<number>>();
  return notes.flatMap((note, index) => {
    const { kind, what, question } = note;
    const [method = '', address = '', status = ''] = what.split(' ');
    const isReason = kind.startsWith('stream-') || kind === 'view-opened';
    if (isReason || (kind === 'answered' && method !== 'GET')) asked.clear();
    if (method !== 'GET') return [];
    const same = asked.get(address) ?? new Set();
    if (kind === 'unanswered' || (kind === 'answered' && !status.startsWith('2'))) same.delete(question);
    if (kind !== 'asked') return [];
    asked.set(address, same.add(question));
    return same.size > questionsPerReason ? [notes.slice(Math.max(0, index - shownBefore), index + 1)] : [];
  });
}

/** Runs in the page, before any script of its own. */
function recordHere(): void {
  const notes: unknown[] = [];
  Reflect.set(window, 'lotseNotes', notes);
  Reflect.set(window, 'lotseSeen', {});
  let questions = 0;
  const note = (kind: string, what: string, question = 0): void => {
    notes.push({ kind, what, at: performance.timeOrigin + performance.now(), question });
  };
  window.EventSource = class extends EventSource {
    #isOver = false;

    constructor(address: string | URL) {
      super(address);
      note('stream-opening', String(address));
      this.addEventListener('open', () => note('stream-open', ''));
      this.addEventListener('error', () => this.#end());
      for (const name of ['change', 'look'])
        this.addEventListener(name, (event) => note('stream-told', String(event.data)));
    }

    override close(): void {
      super.close();
      this.#end();
    }

    #end(): void {
      if (!this.#isOver) note('stream-lost', '');
      this.#isOver = true;
    }
  };
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    push(state, title, address);
    note('view-opened', location.pathname);
  };
  const send = window.fetch;
  window.fetch = async (input, init) => {
    const what = `${init?.method ?? 'GET'} ${String(input)}`;
    const question = (questions += 1);
    note('asked', what, question);
    try {
      const answer = await send(input, init);
      note('answered', `${what} ${answer.status}`, question);
      return answer;
    } catch (error) {
      note('unanswered', what, question);
      throw error;
    }
  };
}
