import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const leashUrl = new URL('leash.mjs', import.meta.url).href;

/** Two signals of one kind within this time are one wish: Ctrl-C comes from the terminal and from npm as well. */
const sameWishMs = 500;

/** @type {NodeJS.Signals[]} */
const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/**
 * Runs a Node program in this process's place: same terminal, same working folder, same end.
 *
 * A terminal sends Ctrl-C to every process of the foreground group, and npm sends the signal on to its script once
 * more. So that the program gets each wish exactly once it runs in a session of its own, where the terminal does not
 * reach it, and this process hands each signal on. `leash.mjs` ends the program if this process is killed. Ctrl-Z
 * stops only this process; the program goes on.
 *
 * Resolves with the exit code, or ends this process by the signal that ended the program.
 * @param {string} node path of the Node binary
 * @param {readonly string[]} args file and arguments
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>}
 */
export function runInForeground(node, args, options = {}) {
  const child = spawn(node, ['--import', leashUrl, ...args], {
    cwd: options.cwd,
    env: { ...(options.env ?? process.env), LOTSE_LEASH: `${process.pid}:3` },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    detached: true,
  });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      stopForwarding();
      if (signal === null) return resolve(code ?? 1);
      process.kill(process.pid, signal);
      // A signal that this process survives (npm may have blocked it) still has to end it.
      setTimeout(() => resolve(128 + constants.signals[signal]), 200);
    });
  });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void} ends the forwarding
 */
function forwardSignals(child) {
  /** @type {Map<NodeJS.Signals, number>} */
  const lastSentMs = new Map();
  /** @param {NodeJS.Signals} signal */
  const forwardOnce = (signal) => {
    const nowMs = performance.now();
    if (nowMs - (lastSentMs.get(signal) ?? -Infinity) < sameWishMs) return;
    lastSentMs.set(signal, nowMs);
    child.kill(signal);
  };
  const resize = () => child.kill('SIGWINCH'); // in a session of its own the program does not hear of it
  for (const signal of forwardedSignals) process.on(signal, forwardOnce);
  process.on('SIGWINCH', resize);
  return () => {
    for (const signal of forwardedSignals) process.off(signal, forwardOnce);
    process.off('SIGWINCH', resize);
  };
}
