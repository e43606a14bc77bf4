import type { Command } from 'commander';
import { connect, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { formatTime } from '../output.ts';
import { parseRole, roles } from '../parse-role.ts';

interface AddOptions extends ConnectionOptions {
  readonly role: readonly string[];
  readonly mail?: string;
}

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;

export function peopleCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse people add "Ada Lovelace" --role developer approver', 'and prints a link with which she signs in'],
      ['lotse people list', ''],
      ['lotse people erase 3f9a0c21', 'the name goes for good; the journal keeps the id'],
    ],
    { ok: 'done', errors },
  );
  describeAdd(command.command('add').summary('add a person, with a one-time sign-in link'), context);
  describeList(command.command('list').summary('list the people and their roles'), context);
  describeErase(command.command('erase').summary('forget a person for good'), context);
}

function describeAdd(command: Command, context: Context): void {
  command
    .description('Add a person and print a link with which they sign in to the dashboard, once.')
    .argument('<name>', 'as others shall see it')
    .requiredOption('--role <role...>', `what they may do: ${roles.join(', ')}`)
    .option('--mail <address>', 'where they can be reached');
  withConnection(command);
  withHelp(command, [['lotse people add Ada --role approver', '']], { ok: 'added', errors });
  command.action(async (name: string, options: AddOptions) => {
    const client = connect(context, options);
    const request = { name, roles: options.role.map(parseRole), mail: options.mail ?? null };
    const person = await controlPlaneCalls.addPerson(client, request);
    const link = await controlPlaneCalls.signInLink(client, person.id);
    const { out } = context;
    if (out.isJson) return out.json({ ...person, signIn: link });
    out.line(link.url);
    out.note(
      out.paint(`${person.name} (${person.roles.join(', ')}) is ${person.id}. The link works once, until`, 'dim'),
    );
    out.note(out.paint(`${formatTime(link.expiresAt)}; \`lotse sign-in --person ${person.id}\` makes another.`, 'dim'));
  });
}

function describeList(command: Command, context: Context): void {
  withConnection(command);
  command.description('List the people and what they may do.');
  command.action(async (options: ConnectionOptions) => {
    const people = await controlPlaneCalls.people(connect(context, options));
    const { out } = context;
    if (out.isJson) return out.json(people);
    out.table(
      ['id', 'name', 'roles', 'mail', 'since'],
      people.map(({ id, name, roles: given, mail, createdAt }) => [
        id,
        name,
        given.join(', '),
        mail ?? '–',
        formatTime(createdAt),
      ]),
    );
  });
}

function describeErase(command: Command, context: Context): void {
  command
    .description('Forget a name and address for good, end sessions and revoke tokens. The journal keeps the id.')
    .argument('<id>', 'as `lotse people list` shows it');
  withConnection(command);
  command.action(async (id: string, options: ConnectionOptions) => {
    await controlPlaneCalls.erasePerson(connect(context, options), id);
    if (context.out.isJson) context.out.json({ id, erased: true });
    else context.out.line(`${id} is forgotten.`);
  });
}
