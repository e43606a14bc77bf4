import type { Command } from 'commander';
import type { ReleaseView } from '../../capabilities/releases/releases-api.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { formatTime, type Output } from '../output.ts';
import { cutTo, harmless } from '../text-layout.ts';

interface ReleasesOptions extends AppOptions {
  readonly last: string;
}

export function releasesCommand(command: Command, context: Context): void {
  command.option('--last <number>', 'how many, the newest first', '20');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse releases', 'the newest twenty'],
      ['lotse releases --last 100 --json', 'for scripts'],
    ],
    {
      ok: 'shown',
      errors: ['unauthenticated', 'not-found', 'unreachable'],
    },
  );
  command.action(async (options: ReleasesOptions) => {
    const plane = await connectToApp(context, options);
    const newest = (await plane.releases())
      .toSorted((a, b) => b.number - a.number)
      .slice(0, Number(options.last) || 20);
    const { out } = context;
    if (out.isJson) return out.json(newest);
    if (newest.length === 0) return out.line(`${plane.app} has no release yet: \`lotse deploy\` makes the first one.`);
    out.table(
      ['release', 'made', 'serves', 'verified in', 'what'],
      newest.map((release) => [
        out.paint(release.id, release.quarantine.length > 0 ? 'red' : 'cyan'),
        formatTime(release.createdAt),
        release.serving.length === 0 ? '' : out.paint(release.serving.join(', '), 'green', 'bold'),
        release.verifiedIn.join(', '),
        whatOf(release, out),
      ]),
    );
  });
}

function whatOf(release: ReleaseView, out: Output): string {
  const [quarantine] = release.quarantine;
  if (quarantine !== undefined) {
    return out.paint(cutTo(`in quarantine (${quarantine.environment}): ${harmless(quarantine.reason)}`, 70), 'red');
  }
  return cutTo(harmless(release.subject ?? ''), 60);
}
