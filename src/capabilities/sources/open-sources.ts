import type { JournalEvent } from '../../core/events.ts';
import { toLotseError } from '../../core/errors.ts';
import { CommitReports, type CommitReportParts } from './commit-reports.ts';
import { DeliveryRows } from './delivery-rows.ts';
import { HookServer } from './hook-server.ts';
import { PushDeploys, type PushDeployParts } from './push-deploys.ts';
import { ReportRows } from './report-rows.ts';
import { routesOfSources } from './routes.ts';
import { SourceRows, type SourceRowParts } from './source-rows.ts';

type SourceParts = SourceRowParts & Omit<PushDeployParts, 'rows' | 'find'> & Omit<CommitReportParts, 'rows' | 'list'>;

/** What the rest of the control plane has of repositories whose pushes are deployed. */
export interface Sources {
  readonly routes: ReturnType<typeof routesOfSources>;
  /** Takes webhooks, on the API's port. */
  readonly hooks: Pick<HookServer, 'takes' | 'handle'>;
  /** Handed every event of the journal; may see one again. */
  follow(event: JournalEvent): Promise<void>;
  /** Called once the engine knows what serves. */
  start(): void;
  close(): Promise<void>;
}

const tidyEveryMs = 3_600_000;

export function openSources(parts: SourceParts): Sources {
  const { database, now, log } = parts;
  const sources = new SourceRows(parts);
  const deliveries = new DeliveryRows(parts);
  const reports = new ReportRows(database, now);
  const find = (app: string, name: string) => sources.find(app, name);
  const pushes = new PushDeploys({ ...parts, rows: deliveries, find });
  const telling = new CommitReports({ ...parts, rows: reports, list: (app) => sources.list(app) });
  const hooks = new HookServer({
    ...{ find, log, hookSecret: (app, name) => sources.hookSecret(app, name) },
    async take(source, arrived) {
      const taken = await deliveries.take(source, arrived);
      void pushes.look();
      return taken;
    },
  });
  const tidy = () =>
    void deliveries
      .forgetOld()
      .catch((error: unknown) => log({ during: 'tidying deliveries', error: toLotseError(error).message }));
  let tidying: NodeJS.Timeout | undefined;
  return {
    routes: routesOfSources({ sources, deliveries, reports, now }),
    hooks,
    follow: (event) => telling.follow(event),
    start() {
      telling.start();
      void pushes.look();
      tidying = setInterval(tidy, tidyEveryMs).unref();
    },
    async close() {
      clearInterval(tidying);
      await Promise.all([pushes.close(), telling.close()]);
    },
  };
}
