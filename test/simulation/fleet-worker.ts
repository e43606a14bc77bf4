import { parentPort } from 'node:worker_threads';
import { sailSeeds } from './fleet.ts';

// Hundreds of thousands of simulated calls fail; nobody reads where.
Error.stackTraceLimit = 0;

parentPort?.on('message', ({ from, count }: { readonly from: number; readonly count: number }) => {
  void sailSeeds(from, count).then((report) => parentPort?.postMessage(report));
});
