import { LotseError } from '../../../core/errors.ts';
import { DockerEngine } from '../../../docker-engine/docker-engine.ts';
import type { EngineAddress } from '../../../docker-engine/engine-address.ts';
import { EngineError } from '../../../docker-engine/engine-errors.ts';
import type { MachineLink } from '../../../other-machine/machine-link.ts';
import type { Reach } from '../slots/probe.ts';
import { probe, probeBy } from '../slots/probe.ts';
import type { DockerMachine } from './docker-machine.ts';
import { EngineSight } from './engine-sight.ts';
import { localFiles } from './local-files.ts';
import type { MachineNetwork } from './machine-networks.ts';
import { machineNetworks } from './machine-networks.ts';
import { ServerFiles } from './server-files.ts';

/** The engine of this machine, or a machine that has one. */
export type EngineOf = (EngineAddress & { readonly kind: 'socket' }) | MachineLink;

/** What differs with where the engine is. */
export type EnginePlace = Pick<DockerMachine, 'engine' | 'sight' | 'isLocal' | 'words' | 'files' | 'ask'> & {
  /** What the engine's machine is part of, as far as it can be known; its containers' networks may be among it. */
  readonly machineNetworks: () => readonly MachineNetwork[];
};

const pingTimeoutMs = 5000;

/** `state`: the id of the state folder. */
export function placeOf(engine: EngineOf, state: string, probeTimeoutMs: number): EnginePlace {
  return 'kind' in engine ? onThisMachine(engine, probeTimeoutMs) : onServer(engine, state, probeTimeoutMs);
}

function onThisMachine(address: EngineAddress, probeTimeoutMs: number): EnginePlace {
  const engine = new DockerEngine(address);
  return {
    engine,
    sight: new EngineSight(engine),
    isLocal: true,
    files: localFiles,
    ask: (check, to) => probe(check, to, probeTimeoutMs),
    words: '',
    machineNetworks,
  };
}

function onServer(link: MachineLink, state: string, probeTimeoutMs: number): EnginePlace {
  const { engine } = link;
  const words = `${link.name}: `;
  const sight = new EngineSight(engine, words);
  // An engine that refuses stands in the way: that says nothing of the instance.
  const reach: Reach = async (address, limits) =>
    await link.connect(address, limits).catch((error: unknown) => {
      throw error instanceof EngineError ? new LotseError('unreachable', error.message) : error;
    });
  return {
    engine,
    sight,
    isLocal: false,
    files: new ServerFiles(engine, state),
    ask: async (check, to) => {
      const answer = await probeBy(reach, check, to, probeTimeoutMs);
      if (answer.kind !== 'bad') return answer;
      // A connection that breaks may have broken on the way: a server that is away refuses nothing: what could not be asked is what it was.
      const seen = await sight.tryToSee(() => engine.ping(pingTimeoutMs)).catch(() => null);
      return seen === null ? { kind: 'unseen', why: sight.problem ?? answer.why } : answer;
    },
    words,
    machineNetworks: () => [],
  };
}
