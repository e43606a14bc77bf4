import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { EnvironmentViewModel } from '../../capabilities/releases/releases-api.ts';
import { LotseError } from '../../core/errors.ts';
import { findEnvironment } from '../../manifest/effective-service.ts';
import { findAppFolder, hasDockerfile, manifestFile, readAppFolder, type AppFolder } from '../app-folder.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { readComposeApp } from '../compose/import-compose.ts';
import { publishedFront, type PublishedFront } from '../compose/published-front.ts';
import { readComposeFolder } from '../compose/read-compose-folder.ts';
import type { Context } from '../context.ts';
import type { AdoptRequest } from '../control-plane.ts';
import type { Output } from '../output.ts';

interface AdoptOptions extends AppOptions {
  readonly reason?: string;
}

export function adoptCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'whose users get there')
    .argument('[url]', 'where it answers the machine of Lotse; left out, compose.yaml is asked')
    .option('--reason <text>', 'why, for the journal');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse adopt production http://127.0.0.1:3000', 'what serves there is release 0, until the first deploy'],
      ['lotse adopt production', 'the published port of the service in front, as compose.yaml says'],
    ],
    {
      ok: 'it is routed to, seen on the public route; it is never started or stopped',
      errors: ['bad-input', 'manifest-invalid', 'forbidden', 'not-found', 'conflict', 'unreachable', 'timeout'],
    },
  );
  command.action(async (environment: string, url: string | undefined, options: AdoptOptions) => {
    await adopt(context, environment, url, options);
  });
}

async function adopt(
  context: Context,
  environment: string,
  written: string | undefined,
  options: AdoptOptions,
): Promise<void> {
  const isHere = options.app === undefined && findAppFolder(context.cwd) !== null;
  const app = isHere ? readAppFolder(context.cwd, context.cwd) : null;
  const definition = app === null ? {} : { definition: definitionOf(app, environment) };
  const url = written ?? (await proposedUrl(context, environment, app));
  const plane = await connectToApp(context, options);
  const why = options.reason === undefined ? {} : { reason: options.reason };
  const view = await plane.adopt(environment, { url, ...why, ...definition });
  if (context.out.isJson) context.out.json(view);
  else report(view, context.out);
}

/** Of a new environment the control plane knows nothing yet: as with a first deploy, the file says what it is. */
function definitionOf({ folder, manifest }: AppFolder, environment: string): AdoptRequest['definition'] {
  findEnvironment(manifest, environment);
  const files = manifest.environments.flatMap(({ gates }) => (gates.checklist === null ? [] : [gates.checklist]));
  return {
    manifest: readFileSync(join(folder, manifestFile), 'utf8'),
    hasDockerfile: hasDockerfile(folder),
    checklists: Object.fromEntries([...new Set(files)].map((file) => [file, readChecklist(folder, file)])),
  };
}

function readChecklist(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (cause) {
    throw new LotseError('bad-input', `The checklist ${file} cannot be read in ${folder}`, { cause });
  }
}

/** What compose.yaml says is only proposed: a person takes it. Errors: `bad-input`, `cancelled`. */
async function proposedUrl(context: Context, environment: string, app: AppFolder | null): Promise<string> {
  const found = app === null ? null : findFront(app.folder);
  if (found === null) {
    throw new LotseError('bad-input', 'Which address? No compose file here says where users come in', {
      hint: `Name it: lotse adopt ${environment} http://127.0.0.1:3000`,
    });
  }
  const { file, front } = found;
  const proposal = `${file}:${front.line} publishes ${front.service} at ${front.url}`;
  if (!context.canAsk || context.out.isJson) {
    throw new LotseError('bad-input', `Which address? ${proposal}`, {
      hint: `If users come in there: lotse adopt ${environment} ${front.url}`,
    });
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: `${proposal}. Is that what serves ${environment} today?` });
  if (isCancel(answer) || !answer) throw new LotseError('cancelled', 'Nothing was adopted.');
  return front.url;
}

function findFront(folder: string): { readonly file: string; readonly front: PublishedFront } | null {
  const compose = readComposeFolder(folder, { wanted: null, ignored: [], sources: [] });
  const front = compose === null ? null : publishedFront(readComposeApp(compose).app);
  return compose === null || front === null ? null : { file: compose.file, front };
}

function report({ environment, upstream, addresses }: EnvironmentViewModel, out: Output): void {
  const [address = '', ...others] = addresses;
  const words = out.paint(`${environment} adopted`, 'green', 'bold');
  out.line(`${words}  r0 at ${upstream ?? ''}  ${address}`.trimEnd());
  out.line(`  ${out.paint('seen on the public route; Lotse never starts or stops it', 'dim')}`);
  if (others.length > 0) out.line(`  ${out.paint(`also at ${others.join('  ')}`, 'dim')}`);
  out.line();
  out.line('Next: let users come to the address of Lotse, then');
  out.line(`  lotse deploy ${environment}     moves them to the first release`);
  out.line(`  lotse rollback ${environment}   brings them back to r0`);
}
