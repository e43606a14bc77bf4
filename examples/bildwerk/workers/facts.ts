import { runWorker } from './run-worker.ts';
import { factsStep } from './facts-step.ts';

await runWorker(factsStep, process.env);
