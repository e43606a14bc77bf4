import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { startProgram } from '../../src/ports/certificates/fixtures/running-program.ts';

export interface SwitchingDoor<Place extends string> {
  readonly port: number;
  /** New requests go there; those under way end where they began. */
  readonly leadTo: (place: Place) => Promise<void>;
}

interface Wishes<Place extends string> {
  readonly folder: string;
  readonly port: number;
  /** Ports of this machine; to the first of them users are led. */
  readonly places: Readonly<Record<Place, number>>;
  readonly host: string;
}

/** HAProxy, as a team has it before its app, which is told at run time where users go. It tries nothing twice. */
export async function openSwitchingDoor<Place extends string>(
  t: Pick<TestContext, 'after'>,
  { folder, port, places, host }: Wishes<Place>,
): Promise<SwitchingDoor<Place>> {
  const [file, socket] = [join(folder, 'door.cfg'), join(folder, 'door.sock')];
  const servers = Object.entries<number>(places).map(([name, at], index) => {
    return `server ${name} 127.0.0.1:${at}${index === 0 ? '' : ' disabled'}`;
  });
  const lines = [
    ...['global', ` stats socket ${socket} level admin`],
    ...['defaults', ' mode http', ' retries 0', ' option http-server-close'],
    ...[' timeout connect 5s', ' timeout client 60s', ' timeout server 60s'],
    ...['frontend door', ` bind 127.0.0.1:${port}`, ` http-request set-header Host ${host}`, ' option forwardfor'],
    ...[' default_backend users', 'backend users', ...servers.map((line) => ` ${line}`)],
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const running = await startProgram(['haproxy', '-db', '-f', file], [port]);
  t.after(async () => await running[Symbol.asyncDispose]());
  return {
    port,
    async leadTo(place) {
      await tell(socket, `set server users/${place} state ready`);
      for (const other of Object.keys(places)) {
        if (other !== place) await tell(socket, `set server users/${other} state drain`);
      }
    },
  };
}

/** One line of its runtime API, which answers an empty one when it has done it. */
async function tell(path: string, line: string): Promise<void> {
  const socket = connect({ path });
  socket.write(`${line}\n`);
  const answer = (await text(socket)).trim();
  if (answer !== '') throw new Error(`${line}: ${answer}`);
}
