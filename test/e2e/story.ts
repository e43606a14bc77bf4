import type { TestContext } from 'node:test';

/** Steps that build on each other: after one that fails, the rest is skipped instead of failing in its turn. */
export class Story {
  readonly #t: TestContext;
  #failedAt: string | null = null;

  constructor(t: TestContext) {
    this.#t = t;
  }

  /** `skip`: why this step cannot be told here; the others go on. */
  async step(title: string, tell: (t: TestContext) => Promise<void>, skip: string | false = false): Promise<void> {
    const reason = this.#failedAt === null ? skip : `“${this.#failedAt}” has failed`;
    if (reason !== false) this.#t.diagnostic(`skipped: ${title}: ${reason}`);
    await this.#t.test(title, { skip: reason }, async (t) => {
      try {
        await tell(t);
      } catch (error) {
        this.#failedAt = title;
        throw error;
      }
    });
  }
}
