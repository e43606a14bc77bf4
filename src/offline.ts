import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { journalVerdict } from './capabilities/releases/journal-verdict.ts';
import { openDatabase } from './database/open-database.ts';
import { findProxy } from './proxy/start-proxy.ts';

type Arguments = readonly string[];

/** What main.ts does to a state folder without being a control plane, by the name of the mode; each answers its result. */
export const offlineModes: Readonly<Record<string, (args: Arguments, dockerHost: string) => Promise<unknown>>> = {
  'journal-check': checkJournal,
  async boot(args, dockerHost) {
    const { startWhatRan } = await import('./offline-boot.ts');
    return await startWhatRan(readPlace(args, dockerHost));
  },
  async 'upgrade-rehearse'(args) {
    return await (await import('./offline-upgrade.ts')).rehearseFromArguments(args);
  },
  async 'swap-process'(args) {
    return await (await import('./offline-upgrade.ts')).swapFromArguments(args);
  },
  async 'backup-create'(args) {
    return await (await import('./offline-backup.ts')).createFromArguments(args);
  },
  async 'backup-restore'(args) {
    return await (await import('./offline-backup.ts')).restoreFromArguments(args);
  },
};

function readPlace(args: Arguments, dockerHost: string): { readonly stateDir: string; readonly dockerHost: string } {
  const options = {
    state: { type: 'string', default: '.lotse' },
    docker: { type: 'string', default: dockerHost },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  return { stateDir: resolve(values.state), dockerHost: values.docker };
}

/** Verifies the journal, also beside a control plane that runs or one that refuses to start. */
async function checkJournal(args: Arguments, dockerHost: string): Promise<unknown> {
  const { stateDir } = readPlace(args, dockerHost);
  const proxy = await findProxy(join(stateDir, 'proxy'));
  const heads = proxy === null ? {} : (await proxy.status()).journalHeads;
  const database = await openDatabase({ file: join(stateDir, 'control', 'lotse.sqlite'), readonly: true });
  try {
    return await journalVerdict(database, heads);
  } finally {
    await database.close();
  }
}
