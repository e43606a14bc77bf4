import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { parseManifest } from '../../manifest/parse-manifest.ts';
import { manifestFile, shownPath } from '../app-folder.ts';
import { withHelp, withJson } from '../command-options.ts';
import { formatNote, type ComposeNote } from '../compose/compose-note.ts';
import type { Context } from '../context.ts';
import { readGitState } from '../git.ts';
import { propose } from '../init/propose.ts';
import type { Proposal } from '../init/proposal.ts';
import { readFolder } from '../init/read-folder.ts';
import { writeManifest } from '../init/write-manifest.ts';
import type { Output } from '../output.ts';
import { runProgram } from '../run-program.ts';
import { stateFolderName } from '../state-folder.ts';

interface InitOptions {
  readonly file?: string;
  readonly staging?: true;
  readonly force?: true;
  readonly print?: true;
}

export function initCommand(command: Command, context: Context): void {
  command
    .argument('[folder]', 'where the app lies', '.')
    .option('-f, --file <file>', 'the compose file to read, instead of the one that Compose would take')
    .option('--staging', 'a staging environment before production')
    .option('--print', 'show the file, write nothing')
    .option('--force', 'replace a lotse.yaml that is there');
  withJson(command);
  withHelp(
    command,
    [
      ['lotse init', 'the app in this folder'],
      ['lotse init apps/shop --staging', 'one app of a monorepo, with a staging environment'],
      ['lotse init --file compose.prod.yaml', 'a compose file with a name of its own'],
    ],
    { ok: 'written', errors: ['bad-input', 'not-found', 'conflict'] },
  );
  command.action((folder: string, options: InitOptions) => init(context, resolve(context.cwd, folder), options));
}

async function init(context: Context, folder: string, options: InitOptions): Promise<void> {
  const { out } = context;
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new LotseError('not-found', `There is no folder ${folder}`);
  }
  const file = join(folder, manifestFile);
  if (existsSync(file) && options.force !== true && options.print !== true) {
    throw new LotseError('conflict', `${shownPath(file, context.cwd)} is there already`, {
      hint: '`lotse init --print` shows what would be written, `--force` replaces it.',
    });
  }
  const facts = readFolder(folder, options.file === undefined ? null : resolve(context.cwd, options.file));
  const proposal = propose(facts);
  const text = writeManifest(proposal, { hasStaging: options.staging ?? false });
  parseManifest(text, { file: manifestFile, hasDockerfile: proposal.hasDockerfile });
  if (options.print === true) return out.isJson ? out.json({ text, ...proposal }) : void out.stdout.write(text);
  writeFileSync(file, text);
  const ignoreFile = await ignoreState(folder);
  if (out.isJson) out.json({ file, ignoreFile, ...proposal });
  else report(context, { file, ignoreFile, proposal });
}

/** In git, Lotse's state must not become part of a commit. Answers the file that was changed. */
async function ignoreState(folder: string): Promise<string | null> {
  const git = await readGitState(folder).catch(() => null); // git's own trouble is said when something is deployed
  if (git === null) return null;
  const ignored = await runProgram(['git', '-C', folder, 'check-ignore', '-q', `${stateFolderName}/`], { cwd: folder });
  if (ignored.exitCode === 0) return null;
  const file = join(folder, '.gitignore');
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  appendFileSync(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${stateFolderName}/\n`);
  return file;
}

interface Written {
  readonly file: string;
  readonly ignoreFile: string | null;
  readonly proposal: Proposal;
}

function report(context: Context, { file, ignoreFile, proposal }: Written): void {
  const { out } = context;
  const done = out.paint(out.symbols.done, 'green');
  out.line(`${done} ${shownPath(file, context.cwd)}  ${out.paint(`app ${proposal.app}`, 'dim')}`);
  if (ignoreFile !== null)
    out.line(`${done} ${shownPath(ignoreFile, context.cwd)}  ${out.paint(`ignores ${stateFolderName}/`, 'dim')}`);
  out.line();
  out.table(
    ['service', 'is a', 'runs'],
    proposal.services.map((service) => [
      service.name,
      service.port === null ? 'worker' : `web service, port ${service.port}`,
      service.run ?? 'what its image starts',
    ]),
  );
  const guessed = proposal.stores.filter((store) => store.source !== null);
  if (guessed.length > 0) {
    out.line();
    out.warn(
      `It seems to write beside its own code: ${guessed.map((store) => store.folder).join(', ')}. The file says what to do.`,
    );
  }
  if (proposal.takesTurns) out.warn(turnsRemark(proposal.app));
  for (const remark of proposal.remarks) out.warn(remark);
  reportNotes(out, proposal.notes);
  out.line();
  out.line('Next: read the file, then');
  out.line('  lotse doctor   checks this machine');
  out.line('  lotse up       runs it here');
}

const noteHeads = [
  ['lost', 'Not carried over'],
  ['changed', 'Carried over in another form'],
  ['not-needed', 'Not needed'],
] as const;

/** A line each, below what it means for the person. */
function reportNotes(out: Output, notes: readonly ComposeNote[]): void {
  for (const [kind, head] of noteHeads) {
    const some = notes.filter((note) => note.kind === kind);
    if (some.length === 0) continue;
    out.line();
    out.line(out.paint(head, 'bold'));
    for (const note of some)
      out.line(`  ${kind === 'not-needed' ? out.paint(formatNote(note), 'dim') : formatNote(note)}`);
  }
}

function turnsRemark(app: string): string {
  return `${app} listens on a fixed port: releases take turns (\`strategy: recreate\`), and only one environment can run on a machine. Reading PORT is better.`;
}
