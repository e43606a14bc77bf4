import { runWorker } from './run-worker.ts';
import { sizesStep } from './sizes-step.ts';

await runWorker(sizesStep, process.env);
