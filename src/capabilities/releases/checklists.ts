import { z } from 'zod';
import { chainOf, type Scope } from '../../core/ids.ts';
import type { Evidence } from '../../rollout/gate.ts';
import type { Release } from '../../rollout/release.ts';
import type { ChecklistsView } from './checklist-api.ts';
import { evidenceFor } from './evidence-rows.ts';
import { acceptedDefinition } from './plan-rollout.ts';
import { gatesOfDeploy, sourced } from './release-gates.ts';
import type { ReleasesContext } from './releases-context.ts';

/** Events about one release: signatures, approvals and overrides, never many. */
const mostEvents = 1_000;
const recorded = z.object({ evidence: z.string() });

/** The lines that a release needs signed in an environment, and who has signed which. */
export async function checklistsOf(context: ReleasesContext, scope: Scope, release: Release): Promise<ChecklistsView> {
  const { gates } = gatesOfDeploy(await acceptedDefinition(context, scope), sourced(release, scope.environment), []);
  const evidence = await evidenceFor(context.database.db, scope.app, release.id, null);
  const notes = await notesOf(context, scope, release);
  const signedOf = (line: string) => {
    const found = evidence.find((each) => counts(each, scope, `checklist:${line}`, context.now()));
    return found === undefined ? null : { by: found.by.id, at: found.at, note: notes.get(found.id) ?? null };
  };
  const lists = gates.flatMap((gate) => (gate.kind === 'checklist' ? [gate] : []));
  return {
    release: release.id,
    lists: lists.map(({ id: gate, file, lines }) => ({
      ...{ gate, file },
      lines: lines.map(({ id, text }) => ({ id, text, signed: signedOf(id) })),
    })),
  };
}

/** As the gate itself counts it. */
function counts({ gate, environment, until }: Evidence, scope: Scope, wanted: string, now: number): boolean {
  return gate === wanted && environment === scope.environment && (until === null || until > now);
}

/** What people have said with their signatures is in the journal alone. */
async function notesOf(context: ReleasesContext, scope: Scope, release: Release): Promise<ReadonlyMap<string, string>> {
  const query = { after: 0, limit: mostEvents, correlationId: release.id };
  const events = await context.journal.read(chainOf(scope), query);
  return new Map(
    events.flatMap(({ payload, reason }) => {
      const read = recorded.safeParse(payload);
      return read.success && reason !== null ? [[read.data.evidence, reason] as const] : [];
    }),
  );
}
