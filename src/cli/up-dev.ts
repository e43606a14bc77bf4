import type { AppFolder } from './app-folder.ts';
import { exitCodeOfEnd, placeArguments, stateFolderFor, type PlaceOptions } from './commands/serve.ts';
import type { Context } from './context.ts';
import { ControlPlaneProcess } from './control-plane-process.ts';

interface DevOptions extends PlaceOptions {
  readonly state?: string;
}

/** `lotse up dev`: the working tree, restarted on change. What it says goes straight to the terminal. */
export async function runDev(context: Context, app: AppFolder, options: DevOptions): Promise<number> {
  const state = stateFolderFor(context, options.state);
  const plane = new ControlPlaneProcess({
    args: [
      ...['dev', '--source', app.folder, '--state', state, ...placeArguments(options)],
      ...(context.out.isJson ? ['--json'] : []),
      ...(context.passedOn ?? []),
    ],
    cwd: app.folder,
    output: 'inherit',
  });
  let wasAsked = false;
  const stop = context.onSignal(['SIGINT', 'SIGTERM', 'SIGHUP'], () => {
    wasAsked = true;
    plane.kill('SIGINT');
  });
  try {
    const first = await Promise.race([plane.answer(), plane.ended]);
    if ('kind' in first && first.kind === 'problem') throw first.error;
    return exitCodeOfEnd(await plane.ended, wasAsked);
  } finally {
    stop();
  }
}
