import { callApi, type ApiRoute } from '../api/call-api.ts';
import type { Action, Words } from './action.ts';

export interface ActionCall {
  readonly route: ApiRoute;
  readonly path: Readonly<Record<string, string>>;
  readonly json: Readonly<Record<string, string | boolean>>;
}

/** The request that an action is. Pure. */
export function callOf(action: Action, words: Words): ActionCall {
  const reason = words.reason === '' ? {} : { reason: words.reason };
  switch (action.kind) {
    case 'pause':
    case 'resume':
    case 'advance':
      return steering(action.rollout, action.kind, reason);
    case 'turn-back': {
      if (!words.isToBlame) return steering(action.rollout, 'abort', reason);
      const { app, environment } = action.rollout;
      return start({ app, environment }, { rollback: true, ...reason });
    }
    case 'roll-back':
      return start(action, { rollback: true, release: action.to, ...reason });
    case 'deploy':
    case 'promote':
      return start(action, { release: action.release, ...reason });
    case 'approve':
    case 'sign':
      return approval(action, words.reason);
    case 'override': {
      const { app, environment, release } = action.rollout;
      return {
        route: 'POST /apps/:app/environments/:environment/overrides',
        path: { app, environment },
        json: { release, gate: action.gate.gate, reason: words.reason },
      };
    }
  }
}

export async function performAction(action: Action, words: Words): Promise<unknown> {
  const { route, path, json } = callOf(action, words);
  return await callApi(route, { path, json });
}

type Rollout = { readonly app: string; readonly id: string };

function steering({ app, id }: Rollout, command: string, json: ActionCall['json']): ActionCall {
  return { route: 'POST /apps/:app/rollouts/:rollout/:command', path: { app, rollout: id, command }, json };
}

function start(place: { readonly app: string; readonly environment: string }, json: ActionCall['json']): ActionCall {
  const { app, environment } = place;
  return { route: 'POST /apps/:app/environments/:environment/rollouts', path: { app, environment }, json };
}

function approval(action: Extract<Action, { kind: 'approve' | 'sign' }>, note: string): ActionCall {
  const { app, environment, release } = action.rollout;
  return {
    route: 'POST /apps/:app/environments/:environment/approvals',
    path: { app, environment },
    json: {
      release,
      ...(action.kind === 'sign' ? { line: action.line?.id ?? 'all' } : {}),
      ...(note === '' ? {} : { note }),
    },
  };
}
