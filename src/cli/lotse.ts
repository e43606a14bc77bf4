// Entry point of the `lotse` command, started by bin/lotse.mjs and by `npm start`.
import { text } from 'node:stream/consumers';
import type { Context } from './context.ts';
import { Output } from './output.ts';
import { runCommandLine } from './command-line.ts';

const typed = process.argv.slice(2);
const dashes = typed.indexOf('--');
const words = dashes < 0 ? typed : typed.slice(0, dashes);

// A reader that goes away (`lotse logs | head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 70);
  });
}
// A live list hides the cursor; whatever happens, it comes back.
process.on('exit', () => {
  if (process.stdout.isTTY) process.stdout.write('\u001b[?25h');
});

const context: Context = {
  passedOn: dashes < 0 ? null : typed.slice(dashes + 1),
  env: process.env,
  cwd: process.cwd(),
  out: new Output({
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    isJson: words.includes('--json'),
  }),
  canAsk: process.stdin.isTTY && process.stdout.isTTY,
  readStdin: async () => (process.stdin.isTTY ? '' : await text(process.stdin)),
  console: process,
  onSignal(signals, handler) {
    for (const signal of signals) process.on(signal, handler);
    return () => {
      for (const signal of signals) process.off(signal, handler);
    };
  },
  exitCode: 0,
};

process.exitCode = await runCommandLine(words, context);
