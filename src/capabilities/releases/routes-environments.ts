import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import { adoptUpstream } from './adopt-upstream.ts';
import { environmentView, ordersAtProxy } from './environment-view.ts';
import { evidenceFor } from './evidence-rows.ts';
import { planDeploy, planRollback } from './plan-rollout.ts';
import { environmentsOf, requireEnvironment, takeDown } from './release-operations.ts';
import type { DefinitionText } from './release-manifest.ts';
import { findRelease } from './release-rows.ts';
import { evidenceView, planView } from './release-view.ts';
import * as shapes from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';
import { override, releaseInQuestion, sign } from './sign-gates.ts';
import { releaseToPromote, revisionToReturnTo } from './start-rollout.ts';

const routes = shapes.releaseRoutes;

export function environmentRoutes(context: ReleasesContext): readonly Route[] {
  return [...readRoutes(context), planRoute(context), ...signRoutes(context), adoptRoute(context), downRoute(context)];
}

function readRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: routes.listEnvironments,
      summary: 'Environments with what runs in them',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.array(shapes.environment),
      async handle({ params, sees }) {
        const rows = (await environmentsOf(context, params.app)).filter(sees);
        const orders = await ordersAtProxy(context);
        return await Promise.all(rows.map((row) => environmentView(context, row, orders)));
      },
    }),
    route({
      at: routes.getEnvironment,
      summary: 'One environment',
      role: 'viewer',
      answer: shapes.environment,
      async handle({ params }) {
        await requireEnvironment(context, params);
        return await environmentView(context, params, await ordersAtProxy(context));
      },
    }),
    route({
      at: routes.listEvidence,
      summary: 'Evidence for the release that waits or serves here',
      role: 'viewer',
      query: z.object({ release: z.string().optional() }),
      answer: z.array(shapes.evidence),
      async handle({ params, query }) {
        await requireEnvironment(context, params);
        const release = await releaseInQuestion(context, params, query.release ?? null);
        return (await evidenceFor(context.database.db, params.app, release.id, null)).map(evidenceView);
      },
    }),
  ];
}

function planRoute(context: ReleasesContext): Route {
  return route({
    at: routes.plan,
    summary: 'Compiles a rollout without touching anything',
    role: 'viewer',
    body: shapes.rolloutRequest,
    answer: shapes.plan,
    async handle({ params, body, actor }) {
      if (body.rollback) {
        await requireEnvironment(context, params);
        const revision = await revisionToReturnTo(context, params, body.release ?? null);
        return planView(await planRollback(context, params, revision, actor));
      }
      const release =
        body.release === undefined
          ? await releaseToPromote(context, params)
          : await findRelease(context.database.db, params.app, body.release);
      return planView(await planDeploy(context, params, release, actor));
    },
  });
}

function signRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: routes.approve,
      summary: 'Approves a release for this environment, or signs lines of its checklist',
      role: 'approver',
      body: shapes.approvalRequest,
      status: 201,
      answer: z.array(shapes.evidence),
      async handle({ params, body, actor }) {
        await requireEnvironment(context, params);
        const release = await releaseInQuestion(context, params, body.release ?? null);
        const signature = { line: body.line ?? null, note: body.note ?? null };
        return (await sign(context, params, release, signature, actor)).map(evidenceView);
      },
    }),
    route({
      at: routes.override,
      summary: 'Passes one gate for one rollout, with a reason',
      role: 'operator',
      body: shapes.overrideRequest,
      answer: z.void(),
      async handle({ params, body, actor }) {
        await requireEnvironment(context, params);
        const release = await releaseInQuestion(context, params, body.release ?? null);
        await override(context, params, release, body.gate, body.reason, actor);
      },
    }),
  ];
}

function adoptRoute(context: ReleasesContext): Route {
  return route({
    at: routes.adopt,
    summary: 'Takes what serves today at an address as release 0: routed to, never started or stopped',
    role: 'developer',
    body: shapes.adoptRequest,
    answer: shapes.environment,
    async handle({ params, body, actor, signal }) {
      const { url, reason = null, definition } = body;
      await adoptUpstream(context, params, { url, reason, text: textOf(definition) }, actor, signal);
      return await environmentView(context, params, await ordersAtProxy(context));
    },
  });
}

function textOf(definition: z.output<typeof shapes.adoptRequest>['definition']): DefinitionText | null {
  if (definition === undefined) return null;
  const { manifest: manifestText, hasDockerfile, checklists } = definition;
  return { manifestText, hasDockerfile, checklists };
}

function downRoute(context: ReleasesContext): Route {
  return route({
    at: routes.down,
    summary: 'Stops everything of an environment; its data stays',
    role: 'operator',
    body: shapes.rolloutCommand,
    answer: z.void(),
    handle: async ({ params, body, actor }) => await takeDown(context, params, actor, body.reason ?? null),
  });
}
