import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { ContextBook } from '../contexts/context-book.ts';

const errors = ['bad-input', 'not-found'] as const;

export function contextCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse context list', ''],
      ['lotse context use de1.shop.example', 'commands go there from now on'],
      ['lotse context use --none', 'no further than the .lotse folder here or above'],
      ['lotse status --context de1.shop.example', 'this once'],
      ['lotse context remove de1.shop.example', 'forget it, and its token'],
    ],
    { ok: 'done', errors },
  );
  describeList(command.command('list').summary('list them; the one in use has a star'), context);
  describeUse(command.command('use').summary('choose the one that commands speak with'), context);
  describeRemove(command.command('remove').summary('forget one, and its token'), context);
}

function describeList(command: Command, { env, out }: Context): void {
  withJson(command);
  command.description('List the control planes that you have logged in to.');
  command.action(() => {
    const book = new ContextBook(env);
    const { current } = book;
    const all = book.list();
    if (out.isJson) {
      const shown = all.map(({ name, context: { kind, server } }) => ({
        name,
        kind,
        server,
        current: name === current,
      }));
      return out.json(shown);
    }
    if (all.length === 0) return out.line('There is none: `lotse login ssh://user@server` or `lotse login https://…`.');
    const rows = all.map(({ name, context }) => [
      name === current ? `* ${name}` : `  ${name}`,
      context.server,
      context.token === null ? 'your ssh key' : 'a token',
    ]);
    out.table(['  name', 'control plane', 'by'], rows);
  });
}

function describeUse(command: Command, { env, out }: Context): void {
  command
    .description('Choose the control plane that commands speak with from now on.')
    .argument('[name]', 'as `lotse context list` shows it')
    .option('--none', 'none of them');
  withJson(command);
  command.action((name: string | undefined, options: { readonly none?: true }) => {
    if ((name === undefined) === (options.none === undefined)) {
      throw new LotseError('bad-input', 'Either the name of a context, or --none', {
        hint: '`lotse context list` shows them.',
      });
    }
    new ContextBook(env).use(name ?? null);
    if (out.isJson) out.json({ current: name ?? null });
    else out.line(name === undefined ? 'No context is in use.' : `Commands go to ${name} from now on.`);
  });
}

function describeRemove(command: Command, { env, out }: Context): void {
  command
    .description('Forget a control plane, and the token for it. The token itself stays valid until it is revoked.')
    .argument('<name>', 'as `lotse context list` shows it');
  withJson(command);
  command.action((name: string) => {
    new ContextBook(env).remove(name);
    if (out.isJson) out.json({ name, removed: true });
    else out.line(`${name} is forgotten. A token that was stored for it stays valid: \`lotse token revoke\` ends one.`);
  });
}
