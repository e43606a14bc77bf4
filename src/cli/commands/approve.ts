import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { EnvironmentViewModel } from '../../capabilities/releases/releases-api.ts';
import { LotseError } from '../../core/errors.ts';
import { findAppFolder, readAppFolder } from '../app-folder.ts';
import { readChecklist } from '../checklist-lines.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import type { ControlPlane } from '../control-plane.ts';
import { gateLines, shutGates } from '../rollout-lines.ts';

interface ApproveOptions extends AppOptions {
  readonly line?: string;
  readonly all?: true;
  readonly release?: string;
  readonly note?: string;
}

/** After a signature the gates are looked at anew; a moment later it is seen what is still open. */
const gatesLookMs = 400;

export function approveCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where the release wants to go')
    .option('--line <id>', 'sign this line of the checklist: its id, or how it begins')
    .option('--all', 'sign every line that is open')
    .option('--release <id>', 'this release, instead of the one that waits')
    .option('--note <text>', 'a remark beside your name');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse approve production', 'on a terminal: choose; else: approve the release that waits'],
      ['lotse approve production --line "Backup is fresh"', 'one line of the checklist'],
      ['lotse approve production --all --note "walked through with Ann"', 'all open lines'],
    ],
    { ok: 'signed', errors: ['bad-input', 'forbidden', 'not-found', 'conflict', 'unreachable', 'cancelled'] },
  );
  command.action(async (environment: string, options: ApproveOptions) => {
    const plane = await connectToApp(context, options);
    const view = await knownEnvironment(plane, environment);
    const lines = await chosenLines(context, plane, view, options);
    for (const line of lines) {
      await plane.approve(environment, {
        ...(line === null ? {} : { line }),
        ...(options.release === undefined ? {} : { release: options.release }),
        ...(options.note === undefined ? {} : { note: options.note }),
      });
    }
    await report(context, plane, environment, lines);
  });
}

/** `all`, single lines, or null for an approval of the release as a whole. */
async function chosenLines(
  context: Context,
  plane: ControlPlane,
  view: EnvironmentViewModel,
  options: ApproveOptions,
): Promise<readonly (string | null)[]> {
  if (options.all === true && options.line !== undefined)
    throw new LotseError('bad-input', '--all or --line, not both');
  if (options.all === true) return ['all'];
  if (options.line !== undefined) return [options.line];
  const waiting = view.rollout?.waitingFor.filter((gate) => gate.state === 'waiting') ?? [];
  if (!context.canAsk || context.out.isJson || !waiting.some((gate) => gate.gate.startsWith('checklist')))
    return [null];
  return askForLines(
    context,
    plane,
    view.environment,
    waiting.some((gate) => gate.gate.startsWith('approval')),
  );
}

async function askForLines(
  context: Context,
  plane: ControlPlane,
  environment: string,
  isApprovalOpen: boolean,
): Promise<readonly (string | null)[]> {
  const open = await openLines(context, plane, environment);
  const { multiselect, isCancel } = await import('@clack/prompts');
  const approval = { value: '', label: 'approve the release as a whole' };
  const answer = await multiselect({
    message: `What do you sign for ${environment}? (space chooses, enter signs)`,
    options: [...(isApprovalOpen ? [approval] : []), ...open.map((text) => ({ value: text, label: text }))],
  });
  if (isCancel(answer)) throw new LotseError('cancelled', 'Nothing was signed.');
  return answer.map((line) => (line === '' ? null : line));
}

/** The lines of the checklist in this folder that nobody has signed; their evidence repeats their text. */
async function openLines(context: Context, plane: ControlPlane, environment: string): Promise<readonly string[]> {
  const folder = findAppFolder(context.cwd);
  const app = folder === null ? null : readAppFolder(folder, context.cwd);
  const gates = app?.manifest.environments.find((each) => each.environment === environment)?.gates;
  const file = app === null || gates?.checklist == null ? null : join(app.folder, gates.checklist);
  if (file === null || !existsSync(file)) {
    throw new LotseError('bad-input', 'The checklist is not in this folder, so its lines cannot be listed', {
      hint: `In the folder of the app: \`lotse approve ${environment}\`. From anywhere: --line TEXT, or --all.`,
    });
  }
  const signed = (await plane.evidence(environment)).filter((each) => each.gate.startsWith('checklist:'));
  const isSigned = (text: string) => signed.some((each) => each.summary.includes(text));
  return readChecklist(readFileSync(file, 'utf8'))
    .map((item) => item.text)
    .filter((text) => !isSigned(text));
}

async function report(
  context: Context,
  plane: ControlPlane,
  environment: string,
  lines: readonly (string | null)[],
): Promise<void> {
  const { out } = context;
  await sleep(gatesLookMs);
  const { rollout } = await plane.environment(environment);
  if (out.isJson) return out.json({ environment, signed: lines, waitingFor: rollout?.waitingFor ?? [] });
  for (const line of lines) out.line(`${out.paint(out.symbols.done, 'green')} signed: ${line ?? 'the release'}`);
  const open = shutGates(rollout?.waitingFor ?? []);
  if (open.length === 0) return;
  out.line(`${environment} still waits:`);
  out.lines(gateLines(open, out));
}
