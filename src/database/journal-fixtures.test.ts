import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { checkJournal } from './check-journal.ts';
import { openJournal } from './journal.ts';
import type { PositionedEvent } from './journal-rows.ts';
import { openDatabase } from './open-database.ts';
import { draft, realSources, temporaryFolder } from './temporary-database.ts';
import { upcasters } from './upcasters.ts';

const folder = fileURLToPath(new URL('../../test/fixtures/journals/', import.meta.url));
const fixtures = readdirSync(folder).filter((name) => name.endsWith('.sqlite'));
const expectedShape = z.object({
  version: z.string(),
  events: z.int().positive(),
  heads: z.record(z.string(), z.object({ sequence: z.int(), hash: z.string() })),
});

test('there is a journal of the first version', () => {
  assert.ok(fixtures.includes('v0.1.0.sqlite'));
});

for (const name of fixtures) {
  test(`the journal ${name} verifies, is read and goes on with today's code`, async (t) => {
    const file = join(temporaryFolder(t), name);
    copyFileSync(join(folder, name), file);
    const expected = expectedShape.parse(
      JSON.parse(readFileSync(join(folder, name.replace('.sqlite', '.json')), 'utf8')),
    );
    const asWritten = await checkJournal(file, { heads: expected.heads });
    assert.deepEqual(asWritten.problems, []);

    const database = await openDatabase({ file });
    t.after(() => database.close());
    const journal = openJournal(database, realSources());
    const events = await journal.readAll({ afterPosition: 0, limit: expected.events + 1 });
    assert.equal(events.length, expected.events);
    for (const event of events) assertLatest(event);
    assert.deepEqual(await journal.heads(), expected.heads);

    await journal.append('control', 1_000_000, [draft('today')]);
    const after = await checkJournal(database, { heads: expected.heads });
    assert.deepEqual(after.problems, []);
  });
}

const judgedPlan = z.object({
  plan: z.object({ judge: z.null(), steps: z.array(z.object({ isJudged: z.literal(false) })).nonempty() }),
});

test('a plan from before there was a judge is read as one that nobody judges', async (t) => {
  const file = join(temporaryFolder(t), 'v0.1.0.sqlite');
  copyFileSync(join(folder, 'v0.1.0.sqlite'), file);
  const database = await openDatabase({ file });
  t.after(() => database.close());
  const events = await openJournal(database, realSources()).readAll({ afterPosition: 0, limit: 500 });
  const plans = events.filter((event) => event.type === 'rollout-planned');
  assert.ok(plans.length > 0);
  for (const { version, payload } of plans) {
    assert.equal(version, 2);
    judgedPlan.parse(payload);
  }
});

function assertLatest(event: PositionedEvent): void {
  const older = upcasters.find((upcaster) => upcaster.type === event.type && upcaster.from >= event.version);
  assert.equal(older, undefined, `${event.type} was left at version ${event.version}`);
  if (!event.erased) assert.notEqual(event.payload, undefined);
}
