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

interface ChangeOptions extends ConnectionOptions {
  readonly role?: readonly string[];
  readonly disable?: true;
  readonly enable?: true;
  readonly reason?: string;
}

/** How long an invitation counts, in milliseconds. */
const invitationMs = 3 * 86_400_000;

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;

export function peopleCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse people add "Ada Lovelace" --role developer approver', 'and prints a link with which she signs in'],
      ['lotse people list', ''],
      ['lotse people change 3f9a0c21 --role viewer', 'counts at once, also for open sessions'],
      ['lotse people change 3f9a0c21 --disable --reason "on leave"', 'nothing of theirs works until --enable'],
      ['lotse people erase 3f9a0c21', 'the name goes for good; the journal keeps the id'],
    ],
    { ok: 'done', errors },
  );
  describeAdd(command.command('add').summary('add a person, with a one-time sign-in link'), context);
  describeList(command.command('list').summary('list the people and their roles'), context);
  describeChange(command.command('change').summary('give other roles, disable or enable a person'), context);
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
    const link = await controlPlaneCalls.signInLink(client, { person: person.id, validMs: invitationMs });
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
      people.map(({ id, name, roles: given, mail, createdAt, disabledAt }) => [
        id,
        disabledAt === null ? name : `${name} (disabled)`,
        given.join(', '),
        mail ?? '–',
        formatTime(createdAt),
      ]),
    );
  });
}

function describeChange(command: Command, context: Context): void {
  command
    .description('Give a person other roles, disable them (sessions end, tokens stop working) or enable them again.')
    .argument('<id>', 'as `lotse people list` shows it')
    .option('--role <role...>', `these roles from now on: ${roles.join(', ')}`)
    .option('--disable', 'they can do nothing any more')
    .option('--enable', 'they can again do what their roles allow')
    .option('--reason <text>', 'for the journal');
  withConnection(command);
  command.action(async (id: string, options: ChangeOptions) => {
    const person = await controlPlaneCalls.changePerson(connect(context, options), id, {
      ...(options.role === undefined ? {} : { roles: options.role.map(parseRole) }),
      ...(options.disable === true ? { disabled: true } : {}),
      ...(options.enable === true ? { disabled: false } : {}),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    });
    if (context.out.isJson) return context.out.json(person);
    const state = person.disabledAt === null ? person.roles.join(', ') : 'disabled';
    context.out.line(`${person.name}: ${state}.`);
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
