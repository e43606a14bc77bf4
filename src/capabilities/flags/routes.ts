import { z } from 'zod';
import { route, type Route } from '../../api/route.ts';
import type { Scope } from '../../core/ids.ts';
import type { FlagBook } from './flag-book.ts';
import type { FlagKeys } from './flag-keys.ts';
import type { FlagParts } from './flag-parts.ts';
import { viewFlag, viewFlags } from './flag-view.ts';
import * as api from './flags-api.ts';

const routes = api.flagRoutes;

/** Errors: `not-found` for an environment that neither is there nor is declared. */
type RequireEnvironment = (scope: Scope) => Promise<void>;

export function routesOfFlags(
  parts: FlagParts,
  book: FlagBook,
  keys: FlagKeys,
  requireEnvironment: RequireEnvironment,
): readonly Route[] {
  const bookOf = { of: async (scope: Scope) => (await requireEnvironment(scope), await book.of(scope)) };
  return [...flagRoutes(parts, book, bookOf), ...keyRoutes(keys, requireEnvironment)];
}

function flagRoutes(parts: FlagParts, book: FlagBook, known: Pick<FlagBook, 'of'>): readonly Route[] {
  return [
    route({
      at: routes.listFlags,
      summary: 'Flags of an environment, as they hold now',
      role: 'viewer',
      answer: api.flagList,
      handle: async ({ params }) => await viewFlags(parts, params, await known.of(params)),
    }),
    route({
      at: routes.showFlag,
      summary: 'A flag, and all that was said about it',
      role: 'viewer',
      answer: api.flagHistory,
      handle: async ({ params }) => await viewFlag(parts, params, await known.of(params), params.flag),
    }),
    route({
      at: routes.changeFlag,
      summary: 'Turns a flag on or off, or changes who gets what; at once, without a release',
      role: 'operator',
      body: api.flagChange,
      answer: api.flagHistory,
      async handle({ params, body, actor }) {
        const flags = await known.of(params);
        await book.change(params, params.flag, body, actor);
        return await viewFlag(parts, params, flags, params.flag);
      },
    }),
    route({
      at: routes.resetFlag,
      summary: 'Gives a flag back to what releases say',
      role: 'operator',
      query: api.flagReset,
      answer: z.void(),
      async handle({ params, query, actor }) {
        await known.of(params);
        await book.reset(params, params.flag, actor, query.reason);
      },
    }),
  ];
}

function keyRoutes(keys: FlagKeys, requireEnvironment: RequireEnvironment): readonly Route[] {
  return [
    route({
      at: routes.listKeys,
      summary: 'Keys that read the flags of an environment; never their secrets',
      role: 'viewer',
      answer: z.array(api.flagKey),
      async handle({ params }) {
        await requireEnvironment(params);
        return keys.list(params);
      },
    }),
    route({
      at: routes.createKey,
      summary: 'Makes a key that reads the flags of an environment',
      role: 'operator',
      body: api.flagKeyRequest,
      status: 201,
      answer: api.newFlagKey,
      async handle({ params, body, actor }) {
        await requireEnvironment(params);
        return await keys.create(params, body.name, actor);
      },
    }),
    route({
      at: routes.revokeKey,
      summary: 'Ends a key at once',
      role: 'operator',
      answer: z.void(),
      async handle({ params, actor }) {
        await requireEnvironment(params);
        await keys.revoke(params, params.key, actor);
      },
    }),
  ];
}
