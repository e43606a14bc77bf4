import { z } from 'zod';
import { rolloutEventTypes } from '../../src/rollout/rollout-events.ts';
import type { TemporaryLotse } from '../harness/temporary-lotse.ts';

const types = rolloutEventTypes.map((type) => `'${type}'`).join(', ');
const count = z.object({ found: z.number() });
const lastEvent = z.object({ type: z.string(), step: z.string().nullable() });
/** Where the journal says that a rollout is. */
export interface Stand {
  /** Events of the rollout. */
  readonly written: number;
  /** The type of the last one; empty: there is none. */
  readonly last: string;
  /** The step that it is about, if it is about one. */
  readonly step: string | null;
}

/** What the database of a control plane says about the shop's next rollout in production, also while none runs. */
export class RolloutRecord {
  readonly id: string;
  readonly #lotse: TemporaryLotse;

  constructor(lotse: TemporaryLotse) {
    this.#lotse = lotse;
    const planned = this.#count(`journal where chain = 'shop/production' and type = 'rollout-planned'`);
    this.id = `production-rollout-${planned + 1}`;
  }

  get stand(): Stand {
    const own = `journal where correlation_id = '${this.id}' and type in (${types})`;
    const step = `json_extract(body, '$.payload.step') as step`;
    const [last] = this.#rows(`select type, ${step} from ${own} order by sequence desc limit 1`, lastEvent);
    return { written: this.#count(own), last: last?.type ?? '', step: last?.step ?? null };
  }

  /** Steps of the plan during which the judge looks. */
  get judgedSteps(): readonly string[] {
    const steps = `json_each(body, '$.payload.plan.steps') where correlation_id = '${this.id}' and journal.type = 'rollout-planned'`;
    const judged = `json_extract(value, '$.isJudged') = 1`;
    const query = `select json_extract(value, '$.id') as id from journal, ${steps} and ${judged}`;
    return this.#rows(query, z.object({ id: z.string() })).map(({ id }) => id);
  }

  /** Has the judge left a checkpoint? */
  get hasEvidence(): boolean {
    return this.#count(`checkpoints where key = 'judge:shop/${this.id}'`) > 0;
  }

  #count(what: string): number {
    return this.#rows(`select count(*) as found from ${what}`, count)[0]?.found ?? 0;
  }

  #rows<Row>(query: string, row: z.ZodType<Row>): readonly Row[] {
    let found: readonly Row[] = [];
    this.#lotse.changeDatabase((database) => {
      found = z.array(row).parse(database.prepare(query).all());
    });
    return found;
  }
}
