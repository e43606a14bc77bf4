import { runWorker } from './run-worker.ts';
import { publishStep } from './publish-step.ts';

await runWorker(publishStep, process.env);
