import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { NotificationView } from '../../capabilities/notifications/notifications-api.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { formatAgo, formatTime, type Output } from '../output.ts';
import { cutTo, harmless } from '../text-layout.ts';

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'conflict', 'unreachable'] as const;
/** How long a test is followed, in milliseconds. */
const patienceMs = 30_000;
const pollMs = 300;

export function notifyCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse notify list production', 'who is told, what is on its way, and why it did not get there'],
      ['lotse notify test production', 'a message to everybody who is told'],
    ],
    { ok: 'done', errors },
  );
  const list = command.command('list').summary('list who is told, and what became of it');
  withApp(list.argument('<environment>', 'where'));
  list.action(async (environment: string, options: AppOptions) => await showList(context, environment, options));
  const test = command.command('test').summary('send a message to everybody who is told');
  withApp(test.argument('<environment>', 'where'));
  withHelp(test, [['lotse notify test production', '']], { ok: 'every receiver has taken it', errors });
  test.action(async (environment: string, options: AppOptions) => await sendTest(context, environment, options));
}

async function showList({ out, ...context }: Context, environment: string, options: AppOptions): Promise<void> {
  const plane = await connectToApp({ out, ...context }, options);
  const list = await plane.notifications(environment);
  if (out.isJson) return out.json(list);
  const { receivers, heartbeat, messages } = list;
  out.line(receivers.length === 0 ? `Nobody is told about ${environment}.` : `Told: ${receivers.join(', ')}.`);
  if (heartbeat !== null) {
    const last = heartbeat.lastAt === null ? 'not yet taken' : `taken ${formatAgo(heartbeat.lastAt, Date.now())}`;
    out.line(`Heartbeat: ${last}.${heartbeat.problem === null ? '' : ` ${harmless(heartbeat.problem)}`}`);
  }
  if (messages.length > 0)
    out.table(
      ['at', 'receiver', 'how', 'what'],
      messages.map((message) => rowOf(message, out)),
    );
}

function rowOf(message: NotificationView, out: Output): readonly string[] {
  const { createdAt, receiver, title } = message;
  return [formatTime(createdAt), harmless(receiver), howOf(message, out), cutTo(harmless(title), 70)];
}

function howOf({ state, problem, attempts, nextTryAt }: NotificationView, out: Output): string {
  if (state === 'delivered') return out.paint('delivered', 'green');
  const why = problem === null ? '' : `: ${cutTo(harmless(problem), 80)}`;
  if (state === 'failed') return `${out.paint('given up', 'red')}${why}`;
  if (attempts === 0 || nextTryAt === null) return 'waiting';
  return `${out.paint(`next try ${formatTime(nextTryAt)}`, 'yellow')}${why}`;
}

async function sendTest(context: Context, environment: string, options: AppOptions): Promise<void> {
  const { out } = context;
  const plane = await connectToApp(context, options);
  const { messages: ids } = await plane.testNotifications(environment);
  const sent = await untilInterrupted(context, async (signal) => {
    for (const untilMs = performance.now() + patienceMs; ;) {
      const { messages } = await plane.notifications(environment);
      const mine = messages.filter(({ id }) => ids.includes(id));
      const isOver = mine.every(({ state, problem }) => state !== 'waiting' || problem !== null);
      if (isOver || signal.aborted || performance.now() > untilMs) return mine;
      await sleep(pollMs);
    }
  });
  if (out.isJson) out.json(sent);
  else
    out.table(
      ['receiver', 'how'],
      sent.map((message) => [harmless(message.receiver), howOf(message, out)]),
    );
  if (sent.some(({ state }) => state !== 'delivered')) context.exitCode = exitCodeOf('unreachable');
}
