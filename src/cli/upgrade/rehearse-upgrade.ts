import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LotseError } from '../../core/errors.ts';
import { ControlPlaneProcess } from '../control-plane-process.ts';
import { ownProgram, type LotseProgram } from './lotse-program.ts';
import { upgradeFolder } from './upgrade-record.ts';

const rehearsal = z.object({
  /** Not settled in the copy, and which of them came with this program. */
  unsettled: z.array(z.string()),
  added: z.array(z.string()),
  /** Why the version before could not go on with it. */
  breaks: z.array(z.string()),
  problem: z.string().nullable(),
});
export type Rehearsal = z.infer<typeof rehearsal>;

const verdict = z.object({
  ok: z.boolean(),
  chains: z.array(z.object({ events: z.number(), problem: z.string().nullable() })),
});

export interface RehearsalWishes {
  readonly state: string;
  /** Null: nothing runs, and nobody knows what wrote the state. */
  readonly from: LotseProgram | null;
  readonly to: LotseProgram;
  /** `to` is older, and cannot migrate anything. */
  readonly isBack: boolean;
}

/**
 * Does to a copy of the database, beside the one in use, what the new program would do to it, and lets the old program look
 * whether it could go on with the outcome. Answers what is added, and how many events both have read. Nothing else is
 * touched. Errors: `state-too-new` (what `to` cannot read), `not-proven` (there would be no way back), `journal-damaged`,
 * `disk-full`, `internal` (the migration failed).
 */
export async function rehearse(wishes: RehearsalWishes): Promise<Rehearsal & { readonly events: number }> {
  const { state, from, to, isBack } = wishes;
  const folder = upgradeFolder(state);
  const args = ['upgrade-rehearse', '--state', state, '--folder', folder];
  try {
    const answer = rehearsal.parse(
      isBack ? await ask(ownProgram(), [...args, '--copy-only'], state) : await ask(to, args, state),
    );
    refuse(answer, wishes);
    const readers = [...(isBack ? [] : [from]), to].filter((program) => program !== null);
    let events = 0;
    for (const program of readers) events = await readBy(program, folder, state).catch(sayWhySettled);
    return { ...answer, events };
  } finally {
    rmSync(join(folder, 'control'), { recursive: true, force: true });
  }
}

function refuse({ breaks, problem }: Rehearsal, { from, to }: RehearsalWishes): void {
  if (problem !== null) {
    throw new LotseError('journal-damaged', problem, {
      hint: '`lotse journal check` says what is missing. The old control plane goes on.',
    });
  }
  if (breaks.length === 0) return;
  throw new LotseError(
    'not-proven',
    `Lotse ${from?.version ?? 'before'} could not go on with what ${to.version} makes of the state`,
    {
      hint: 'That would be a mistake in this version: report it. Nothing was changed.',
      details: breaks,
    },
  );
}

/** How many events it has read. */
async function readBy(program: LotseProgram, folder: string, cwd: string): Promise<number> {
  const { ok, chains } = verdict.parse(await ask(program, ['journal-check', '--state', folder], cwd));
  if (ok) return chains.reduce((sum, { events }) => sum + events, 0);
  const found = chains.find(({ problem }) => problem !== null)?.problem ?? 'the journal is damaged';
  throw new LotseError('journal-damaged', `Lotse ${program.version} reads the copy, and says: ${found}`, {
    hint: 'The old control plane goes on, and nothing was changed.',
  });
}

/** The name of the copy is of no use to anybody. */
function sayWhySettled(thrown: unknown): never {
  if (!(thrown instanceof LotseError) || thrown.code !== 'state-too-new') throw thrown;
  throw new LotseError('state-too-new', 'The upgrade was settled: that version cannot read the state any more', {
    hint: 'Restore a backup that was made before, or go on with the newer version. Nothing was changed.',
    details: [thrown.message],
    cause: thrown,
  });
}

async function ask({ mainFile, nodePath }: LotseProgram, args: readonly string[], cwd: string): Promise<unknown> {
  const worker = new ControlPlaneProcess({ args, cwd, output: 'inherit', program: mainFile, nodePath });
  const answer = await worker.answer();
  await worker.ended;
  if (answer.kind === 'result') return answer.value;
  throw new LotseError('internal', `${mainFile} ${args[0] ?? ''} answered something else than a result`);
}
