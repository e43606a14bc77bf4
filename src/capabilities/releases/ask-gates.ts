import { evaluateGates } from '../../rollout/evaluate-gates.ts';
import type { Evidence, GateResult } from '../../rollout/gate.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Revision } from '../../rollout/release.ts';
import { evidenceFor, overridesFor, quarantinesOf } from './evidence-rows.ts';
import { findRevision } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** Asks these gates of a plan, as things are now. Provers that fail to answer count as not proven. */
export async function askGates(
  context: ReleasesContext,
  plan: Plan,
  to: Revision,
  gateIds: readonly string[],
): Promise<readonly GateResult[]> {
  const { db } = context.database;
  const scope = { app: plan.app, environment: plan.environment };
  const gates = plan.gates.filter((gate) => gateIds.includes(gate.id));
  // First, because it may take its time: what people have said is read as it is then.
  const proven = await proofs(
    context,
    plan,
    to,
    gates.flatMap((gate) => (gate.kind === 'proof' ? [gate.part] : [])),
  );
  const quarantine = (await quarantinesOf(db, plan.app)).find((each) => each.release === plan.to.release);
  return evaluateGates(gates, {
    release: plan.to.release,
    revision: plan.to.revision,
    environment: plan.environment,
    startedBy: plan.startedBy,
    now: context.now(),
    evidence: await evidenceOf(context, plan, to),
    pipeline: await context.pipelineOf(plan.app, plan.to.release),
    overrides: await overridesFor(db, scope, [plan.to.release, plan.rollout]),
    quarantine: quarantine === undefined ? null : `${quarantine.reason} (${quarantine.environment})`,
    proofs: proven,
  });
}

/** What people have signed for a release is for the config as it was then: what was set later they have not seen. */
async function evidenceOf(context: ReleasesContext, plan: Plan, to: Revision): Promise<readonly Evidence[]> {
  const all = await evidenceFor(context.database.db, plan.app, plan.to.release, plan.to.revision);
  const changedAt = (await context.configChangedAt(to, to.plannedAt)) ?? 0;
  const isSigned = ({ gate }: Evidence) => gate === 'approval' || gate.startsWith('checklist:');
  return all.filter((each) => !isSigned(each) || each.environment !== to.environment || each.at >= changedAt);
}

async function proofs(context: ReleasesContext, plan: Plan, to: Revision, names: readonly string[]) {
  const scope = { app: plan.app, environment: plan.environment };
  const { before } = plan;
  const from = before.kind === 'revision' ? await findRevision(context.database.db, plan.app, before.revision) : null;
  const asked = context.parts.filter((part) => names.includes(part.name));
  const items = await Promise.all(
    asked.map(async (part) => {
      if (before.kind === 'revision' && from === null) {
        return [{ part: part.name, proven: false, message: `The record of revision ${before.revision} is gone.` }];
      }
      const answer = await part
        .prove({ scope, before, from, to, strategy: plan.strategy })
        .catch((thrown: unknown) => [
          { proven: false, message: `Asking failed: ${thrown instanceof Error ? thrown.message : String(thrown)}.` },
        ]);
      return answer.map(({ proven, message }) => ({ part: part.name, proven, message }));
    }),
  );
  return items.flat();
}
