// Loaded before the program by `run-in-foreground.mjs`: ends this process as soon as the one in front of it is gone.
//
// The process in front holds the other end of a pipe and never writes. If it is killed the pipe closes, and this
// process kills itself just as hard. So `kill -9` of the command that a person started means the same as `kill -9` of
// Lotse itself, and never leaves a control plane running that nobody sees.
import { Socket } from 'node:net';

const leash = process.env.LOTSE_LEASH;
// Taken out at once: programs started from here inherit the environment, but they are not on this leash.
delete process.env.LOTSE_LEASH;

const [holder, descriptor] = (leash ?? '').split(':').map(Number);
if (holder === process.ppid && descriptor !== undefined) {
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  const die = () => process.kill(process.pid, 'SIGKILL');
  pipe.once('end', die).once('error', die).resume();
  pipe.unref();
} else if (leash !== undefined) {
  process.kill(process.pid, 'SIGKILL'); // the process in front died before this line was reached
}
