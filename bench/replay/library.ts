import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { good } from '../bildwerk/troubles.ts';
import { habitsOf } from './crowd.ts';
import { RecordedRelease } from './recorded-release.ts';
import { loadRecording } from './recording.ts';
import type { Library } from './replay.ts';

export const recordingFile = fileURLToPath(new URL('recording.br', import.meta.url));
const manifestFile = new URL('../../examples/bildwerk/lotse.yaml', import.meta.url);

/** The recording that lies beside this file, as replays need it. */
export async function openLibrary(): Promise<Library> {
  const stretches = await loadRecording(recordingFile);
  const people = stretches.find(({ kind }) => kind === good.name);
  if (people === undefined) throw new Error(`${recordingFile} has no good release`);
  return {
    manifest: await readFile(manifestFile, 'utf8'),
    habits: habitsOf(people),
    lengthMs: people.lengthMs,
    releases: new Map(stretches.map((stretch) => [stretch.kind, new RecordedRelease(stretch)])),
  };
}
