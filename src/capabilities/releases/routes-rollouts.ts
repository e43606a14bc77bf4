import { z } from 'zod';
import { route, type CallContext, type Route } from '../../api/route.ts';
import { LotseError } from '../../core/errors.ts';
import type { Scope } from '../../core/ids.ts';
import type { Command } from '../../rollout/facts.ts';
import { listScopes } from './environment-rows.ts';
import { commandRollout, requireEnvironment, scopeOfRollout, viewRollout } from './release-operations.ts';
import { findRelease } from './release-rows.ts';
import * as shapes from './releases-api.ts';
import type { RolloutView } from './releases-api.ts';
import type { ReleasesContext } from './releases-context.ts';
import { latestRollouts } from './rollout-history.ts';
import { rolloutView } from './rollout-view.ts';
import { releaseToPromote, startDeploy, startRollback } from './start-rollout.ts';

const routes = shapes.releaseRoutes;
/** Rollouts of each environment in a list. */
const listed = 20;

export function rolloutRoutes(context: ReleasesContext): readonly Route[] {
  return [startRoute(context), ...readRoutes(context), commandRoute(context)];
}

function startRoute(context: ReleasesContext): Route {
  return route({
    at: routes.startRollout,
    summary: 'Starts a deploy, a promotion or the way back',
    role: 'developer',
    body: shapes.rolloutRequest,
    status: 201,
    answer: shapes.rollout,
    async handle({ params, body, actor }) {
      const plan = await (body.rollback ? goBack(context, params, body, actor) : deploy(context, params, body, actor));
      return await viewRollout(context, params.app, plan.rollout);
    },
  });
}

type Request = z.output<typeof shapes.rolloutRequest>;
type By = CallContext['actor'];

async function deploy(context: ReleasesContext, scope: Scope, body: Request, by: By) {
  const { db } = context.database;
  const named = body.release;
  const release =
    named === undefined ? await releaseToPromote(context, scope) : await findRelease(db, scope.app, named);
  return await startDeploy(context, scope, release, by, body.reason ?? null);
}

async function goBack(context: ReleasesContext, scope: Scope, body: Request, by: By) {
  await requireEnvironment(context, scope);
  return await startRollback(context, scope, body.release ?? null, by, body.reason ?? null);
}

function readRoutes(context: ReleasesContext): readonly Route[] {
  return [
    route({
      at: routes.listRollouts,
      summary: 'Rollouts of every environment, the newest first',
      role: 'viewer',
      binding: 'by-handler',
      answer: z.array(shapes.rollout),
      async handle({ params, sees }) {
        const scopes = (await listScopes(context.database.db, params.app)).filter(sees);
        const views = await Promise.all(scopes.map((scope) => rolloutsOf(context, scope)));
        return views.flat().toSorted((a, b) => b.startedAt - a.startedAt);
      },
    }),
    route({
      at: routes.getRollout,
      summary: 'One rollout with its steps',
      role: 'viewer',
      binding: 'by-handler',
      answer: shapes.rollout,
      async handle({ params, refuseOutside }) {
        refuseOutside(await scopeOfRollout(context, params.app, params.rollout));
        return await viewRollout(context, params.app, params.rollout);
      },
    }),
  ];
}

async function rolloutsOf(context: ReleasesContext, scope: Scope): Promise<readonly RolloutView[]> {
  const stories = await latestRollouts(context, scope, listed);
  const judged = context.engine.judged(scope);
  return stories.map(({ state, events }) => rolloutView(state, events, judged));
}

function commandRoute(context: ReleasesContext): Route {
  return route({
    at: routes.commandRollout,
    summary: 'pause, resume, advance or abort',
    role: 'developer',
    binding: 'by-handler',
    body: shapes.rolloutCommand,
    answer: shapes.rollout,
    async handle({ params, body, actor, refuseOutside }) {
      refuseOutside(await scopeOfRollout(context, params.app, params.rollout));
      const command = commandOf(params.command, actor, body.reason ?? null);
      await commandRollout(context, params.app, params.rollout, command);
      return await viewRollout(context, params.app, params.rollout);
    },
  });
}

function commandOf(word: string, actor: By, reason: string | null): Command {
  switch (word) {
    case 'pause':
    case 'resume':
    case 'advance':
      return { kind: word, actor, reason };
    case 'abort':
      return { kind: 'abort', actor, reason, blame: false };
    default:
      throw new LotseError('not-found', `a rollout has no command ${JSON.stringify(word)}`, {
        hint: 'There are pause, resume, advance and abort.',
      });
  }
}
