import { z } from 'zod';
import * as flags from '../capabilities/flags/flags-api.ts';
import type { ControlPlane } from './control-plane.ts';

const { flagRoutes: routes } = flags;

/** The routes about the flags of one environment, as calls. */
export function flagCalls({ client, app }: ControlPlane, environment: string) {
  const path = (more: Readonly<Record<string, string>> = {}) => ({ path: { app, environment, ...more } });
  return {
    list: async (): Promise<flags.FlagListView> => await client.call(routes.listFlags, flags.flagList, path()),
    show: async (flag: string): Promise<flags.FlagHistoryView> =>
      await client.call(routes.showFlag, flags.flagHistory, path({ flag })),
    change: async (flag: string, json: z.input<typeof flags.flagChange>): Promise<flags.FlagHistoryView> =>
      await client.call(routes.changeFlag, flags.flagHistory, { ...path({ flag }), json }),
    reset: async (flag: string, reason: string | undefined): Promise<unknown> =>
      await client.call(routes.resetFlag, z.unknown(), { ...path({ flag }), query: { reason } }),
    keys: async (): Promise<readonly flags.FlagKeyView[]> =>
      await client.call(routes.listKeys, z.array(flags.flagKey), path()),
    createKey: async (name: string): Promise<flags.NewFlagKeyView> =>
      await client.call(routes.createKey, flags.newFlagKey, { ...path(), json: { name } }),
    revokeKey: async (key: string): Promise<unknown> => await client.call(routes.revokeKey, z.unknown(), path({ key })),
  };
}
