import { parentPort, workerData } from 'node:worker_threads';
import { scanTar } from './scan-tar.ts';

// The thread of run-scan.ts: it gets a file's name, answers once, and ends.
parentPort?.postMessage(await scanTar(String(workerData)));
