import { splitCommand } from '../../manifest/command.ts';
import type { DockerfileFacts } from './folder-facts.ts';
import { quoteWords } from './run-line.ts';
import type { Startable } from './startable.ts';

/** Whether an app goes out as containers of its Dockerfile. */
export type ImageService =
  | {
      readonly kind: 'image';
      readonly startables: readonly Startable[];
      /** The one of them that the image starts by itself; the others are started in the same image. */
      readonly started: Startable;
    }
  /** A sentence without its full stop. */
  | { readonly kind: 'process'; readonly because: string };

/**
 * Pure. It does when its image starts what the other files say as well: then nothing is lost by believing the Dockerfile,
 * and one image does for all services. Everything else is for a person to decide.
 */
export function findImageService(
  dockerfile: DockerfileFacts,
  startables: readonly Startable[],
  hasJobs: boolean,
): ImageService {
  const { command } = dockerfile;
  if (command === null) return { kind: 'process', because: 'the Dockerfile does not say what its image starts' };
  if (startables.some(({ root }) => root !== null)) {
    return {
      kind: 'process',
      because: 'the services lie in folders of their own, and it is not known where in the image',
    };
  }
  const own = plainOf(command, dockerfile.workdir);
  const started = startables.find((each) => [each.command, ...each.sameAs].some((line) => plainOf(line, null) === own));
  if (started === undefined) return { kind: 'process', because: `the Dockerfile starts something else (${command})` };
  if ((startables.length > 1 || hasJobs) && dockerfile.entrypoint !== null) {
    return {
      kind: 'process',
      because: 'the ENTRYPOINT of the Dockerfile would be given what other services and jobs run',
    };
  }
  const exposed = started.port === null && dockerfile.port !== null ? exposedPort(dockerfile.port) : null;
  const web = exposed === null ? started : { ...started, name: 'web', port: exposed };
  return { kind: 'image', startables: startables.map((each) => (each === started ? web : each)), started: web };
}

function exposedPort(port: number) {
  return { port, source: 'EXPOSE of the Dockerfile', isFixed: false } as const;
}

/** So that two ways of writing one command are equal; a program in the image's WORKDIR is one of the app's folder. */
function plainOf(command: string, workdir: string | null): string {
  const split = splitCommand(command);
  if (!('argv' in split))
    return command
      .replace(/\s+/g, ' ')
      .replace(/^exec /, '')
      .trim();
  const inFolder = split.argv.map((word) =>
    workdir !== null && workdir !== '/' && word.startsWith(`${workdir}/`) ? word.slice(workdir.length + 1) : word,
  );
  return quoteWords(inFolder.map((word) => word.replace(/^\.\//, '')));
}
