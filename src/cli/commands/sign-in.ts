import type { Command } from 'commander';
import { connect, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { formatTime } from '../output.ts';

interface SignInOptions extends ConnectionOptions {
  readonly person?: string;
}

export function signInCommand(command: Command, context: Context): void {
  command.option('--person <id>', 'for somebody else, as `lotse people list` shows them');
  withConnection(command);
  withHelp(command, [['lotse sign-in', 'open the link in a browser; it works once']], {
    ok: 'the link is printed',
    errors: ['unauthenticated', 'unreachable'],
  });
  command.action(async (options: SignInOptions) => {
    const link = await controlPlaneCalls.signInLink(connect(context, options), { person: options.person ?? null });
    const { out } = context;
    if (out.isJson) return out.json(link);
    out.line(link.url);
    out.note(out.paint(`Works once, until ${formatTime(link.expiresAt)}.`, 'dim'));
  });
}
