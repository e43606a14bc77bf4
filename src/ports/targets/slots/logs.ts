import { join } from 'node:path';
import type { LogLine, LogQuery } from '../targets.ts';
import type { Folders } from './folders.ts';
import { pause } from './pause.ts';
import type { LogFormat, LogPosition, LogSource } from './read-logs.ts';
import { attemptsIn, inOrder, readLast, readNewer } from './read-logs.ts';
import { namesIn } from './state-files.ts';

const followIntervalMs = 200;
/** New attempts, slots and revisions are looked for at every so-manyth look. */
const looksPerSearch = 5;

/** The lines of the query, oldest first; with `follow` it goes on until the signal comes. */
export async function* readLogs(
  folders: Folders,
  format: LogFormat,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const positions = new Map<string, LogPosition>();
  let sources = await findSources(folders, query);
  const lines: LogLine[] = [];
  for (const source of sources) {
    const found = await readLast(format, source, query.last);
    positions.set(source.folder, found.position);
    lines.push(...found.lines);
  }
  yield* query.last === 0 ? [] : inOrder(lines).slice(-query.last);
  for (let look = 1; query.follow && (await pause(followIntervalMs, signal)); look++) {
    if (look % looksPerSearch === 0) sources = await findSources(folders, query);
    const newer: LogLine[] = [];
    for (const source of sources) {
      const found = await readNewer(format, source, positions.get(source.folder) ?? {});
      positions.set(source.folder, found.position);
      newer.push(...found.lines);
    }
    yield* inOrder(newer);
  }
}

async function findSources(folders: Folders, query: LogQuery): Promise<readonly LogSource[]> {
  if (query.job !== null) return await jobSources(folders, query.job);
  const environment = join(folders.kept, query.app, query.environment);
  const revisions = query.revision === null ? await namesIn(environment) : [query.revision];
  const sources: LogSource[] = [];
  for (const revision of revisions) {
    const services = query.service === null ? await namesIn(join(environment, revision)) : [query.service];
    for (const service of services) {
      sources.push(...(await serviceSources(join(environment, revision, service), revision, service)));
    }
  }
  return sources;
}

async function serviceSources(folder: string, revision: string, service: string): Promise<readonly LogSource[]> {
  const slots = (await namesIn(folder)).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    slots.map(async (slot) => {
      const attempts = await attemptsIn(join(folder, slot));
      return attempts.map((attempt) => ({
        folder: join(folder, slot, 'attempts', String(attempt)),
        label: { service, revision, slot: Number(slot), attempt },
      }));
    }),
  );
  return found.flat();
}

/** A job has no service; its key stands in its place. */
async function jobSources(folders: Folders, key: string): Promise<readonly LogSource[]> {
  const folder = folders.job(key);
  return (await attemptsIn(folder)).map((attempt) => ({
    folder: join(folder, 'attempts', String(attempt)),
    label: { service: key, revision: '', slot: 0, attempt },
  }));
}
