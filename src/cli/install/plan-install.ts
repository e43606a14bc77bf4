import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installedFiles, dropInName, unitNames, type Installation, type InstalledFile } from './unit-files.ts';

/** A file that lies on the machine as it shall, or how it differs. */
export interface PlannedFile extends InstalledFile {
  /** Where it is written: below the root of an image, or the same as `path`. */
  readonly target: string;
  readonly change: 'new' | 'changed' | 'same';
}

/** A program that makes what was written count. Each may be run again. */
export interface PlannedCommand {
  readonly argv: readonly [string, ...string[]];
  readonly why: string;
}

export interface InstallPlan {
  readonly files: readonly PlannedFile[];
  readonly commands: readonly PlannedCommand[];
}

/** What has to be done; `root` is the folder of an image, null for this machine. */
export function planInstall(installation: Installation, root: string | null): InstallPlan {
  const files = installedFiles(installation).map((file) => planFile(file, root));
  return { files, commands: root === null ? commandsHere(files) : commandsInImage(root) };
}

export function planFile(file: InstalledFile, root: string | null): PlannedFile {
  const target = root === null ? file.path : join(root, file.path);
  return { ...file, target, change: changeOf(target, file.content) };
}

function changeOf(target: string, content: string): PlannedFile['change'] {
  if (!existsSync(target)) return 'new';
  return readFileSync(target, 'utf8') === content ? 'same' : 'changed';
}

function commandsHere(files: readonly PlannedFile[]): readonly PlannedCommand[] {
  const isChanged = files.some(({ path, change }) => path.endsWith('/lotse.service') && change === 'changed');
  return [
    { argv: ['systemd-sysusers', dropInName], why: 'makes the user of the proxy' },
    { argv: ['systemd-tmpfiles', '--create', dropInName], why: 'makes the state folder' },
    { argv: ['systemctl', 'daemon-reload'], why: 'reads the units' },
    { argv: ['systemctl', 'enable', ...unitNames], why: 'starts them at each boot' },
    { argv: ['systemctl', 'start', ...unitNames], why: 'starts them now; those that run go on' },
    ...(isChanged
      ? [
          {
            argv: ['systemctl', 'restart', 'lotse.service'],
            why: 'its unit has changed; apps and proxy go on',
          } as const,
        ]
      : []),
  ];
}

/** Nothing of it runs: the image's own systemd finds all of it at its first boot. */
function commandsInImage(root: string): readonly PlannedCommand[] {
  return [
    { argv: ['systemd-sysusers', `--root=${root}`, dropInName], why: 'makes the user of the proxy' },
    { argv: ['systemd-tmpfiles', `--root=${root}`, '--create', dropInName], why: 'makes the state folder' },
    { argv: ['systemctl', `--root=${root}`, 'enable', ...unitNames], why: 'starts them at each boot' },
  ];
}

/** The first folder on the way to a file that other users may not enter, or the file when they may not read it; null: they may. */
export function closedFor(file: string): string | null {
  if ((lstatSync(file).mode & 0o4) === 0) return file;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if ((lstatSync(folder).mode & 0o1) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}
