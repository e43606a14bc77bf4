import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvironment } from '../model/environment.ts';
import { openLog } from '../model/log.ts';
import { openStores } from '../model/open-stores.ts';
import { ClaimFile } from './claim.ts';
import { ListenerTrigger } from './listener-trigger.ts';
import { StepWorker } from './step-worker.ts';
import type { StepHandler } from './step-worker.ts';

/** Lotse waits 30 s between SIGTERM and SIGKILL. */
const finishWithinMs = 20_000;

/** The life of a worker process: opens the stores, works until SIGTERM, finishes or hands back what it has begun. */
export async function runWorker(handler: StepHandler, variables: NodeJS.ProcessEnv): Promise<void> {
  const environment = readEnvironment(variables, handler.step);
  const log = openLog(environment);
  const stores = await openStores(environment);
  const claimFile = new ClaimFile(environment.claimFile);
  const worker = new StepWorker(handler, { ...stores, environment, log });
  const stopRequested = Promise.withResolvers<number>();
  const trigger = new ListenerTrigger({
    documents: stores.documents,
    claimFile,
    worker,
    release: environment.release,
    onError: (error) => {
      log.error('cannot listen any more', error);
      stopRequested.resolve(1);
    },
  });
  process.once('SIGTERM', () => stopRequested.resolve(0));
  process.once('SIGINT', () => stopRequested.resolve(0));
  log.info('at work', { claim: claimFile.read() });

  const exitCode = await stopRequested.promise;
  const inTime = await Promise.race([trigger.stop().then(() => true), sleep(finishWithinMs, false)]);
  if (!inTime) await worker.handBack();
  await stores.documents.close();
  log.info('stopped', { finished: inTime });
  process.exit(exitCode);
}
