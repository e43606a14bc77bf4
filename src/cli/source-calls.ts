import { z } from 'zod';
import * as api from '../capabilities/sources/sources-api.ts';
import type { ControlPlane } from './control-plane.ts';

const routes = api.sourceRoutes;

/** The routes about repositories, as calls. */
export function sourceCalls({ client, app }: ControlPlane) {
  return {
    list: () => client.call(routes.listSources, z.array(api.source), { path: { app } }),
    connect: (source: string, json: z.input<typeof api.sourceRequest>) =>
      client.call(routes.connectSource, api.connectedSource, { path: { app, source }, json }),
    disconnect: (source: string) => client.call(routes.disconnectSource, z.unknown(), { path: { app, source } }),
  };
}
