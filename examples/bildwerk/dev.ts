/** Runs the whole app on this machine: `npm start`, or `npm run dev` to start a service again when its files change. */
import { join } from 'node:path';
import { runApp } from './run-app.ts';

const dataDir = process.env['DATA_DIR'] ?? join(import.meta.dirname, '.data');
const app = await runApp({
  dataDir,
  port: Number(process.env['PORT'] ?? 3000),
  workers: { check: 1, facts: 1, sizes: 2, publish: 1 },
  nodeOptions: process.argv.includes('--watch') ? ['--watch', '--watch-preserve-output'] : [],
  onLine: (service, line) => console.log(`${service.padEnd(9)} ${line}`),
});
console.log(
  `\nbildwerk is at ${app.url.replace('127.0.0.1', 'localhost')}, its data in ${dataDir}. Ctrl-C stops it.\n`,
);

process.once('SIGINT', () => void app.stop());
process.once('SIGTERM', () => void app.stop());
