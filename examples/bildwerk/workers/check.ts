import { runWorker } from './run-worker.ts';
import { checkStep } from './check-step.ts';

await runWorker(checkStep, process.env);
