import { resolve } from 'node:path';
import { compare } from 'semver';
import { LotseError } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { readClientFile } from '../state-folder.ts';
import { nameOf, ownProgram, programOf, readProgram, refuseBroken, type LotseProgram } from './lotse-program.ts';
import { sayExpected, seenNow } from './plane-health.ts';
import { rehearse } from './rehearse-upgrade.ts';
import { runningPlane, type RunningPlane } from './running-plane.ts';
import { isInstalled } from './swap-plane.ts';
import { unpackProgram } from './unpack-program.ts';
import type { UpgradeRecord } from './upgrade-record.ts';

export interface BeginWishes {
  readonly context: Context;
  readonly state: string;
  /** The upgrade before, which has ended. */
  readonly left: UpgradeRecord | null;
  readonly to?: string;
  readonly back?: true;
  readonly now: () => number;
}

/**
 * Proves what can be proven while the old control plane runs: that the new program starts, that it can migrate the state,
 * and that the old one can go on with the outcome. Null: nothing is to be done. Errors: `bad-input`, `conflict`, and those
 * of `rehearse`.
 */
export async function beginUpgrade(wishes: BeginWishes): Promise<UpgradeRecord | null> {
  const { context, state, now } = wishes;
  const { out } = context;
  const plane = runningPlane(state);
  const from = plane === null ? null : programOf(plane.mainFile, plane.nodePath);
  const to = await wanted(wishes);
  if (from !== null && from.mainFile === to.mainFile) {
    if (out.isJson) out.json({ outcome: 'unchanged', from: from.version, to: to.version });
    else out.line(`Lotse ${to.version} of ${to.root} runs already.`);
    return null;
  }
  const isBack = wishes.back === true || (from !== null && compare(to.version, from.version) < 0);
  if (plane !== null) refuseUp(plane);
  await refuseBroken(to);
  const done = out.paint(out.symbols.done, 'green');
  out.line(`${done} Lotse ${to.version} starts  ${out.paint(to.root, 'dim')}`);
  const { added, events } = await rehearse({ state, from, to, isBack });
  const next = nameOf(to, from);
  const readers = isBack || from === null ? `${next} reads` : `${nameOf(from, to)} and ${next} read`;
  const additions =
    added.length === 0 ? 'nothing is added' : `${count(added.length, 'migration')}: ${added.join(', ')}`;
  out.line(`${done} done to a copy of the state: ${additions}; ${readers} all ${count(events, 'event')} of it`);
  if (plane === null || from === null) return sayHowToStart(context, state, to);
  const expected = [...(await seenNow(state).catch(() => []))];
  out.line(`${done} ${sayExpected(expected)}`);
  return {
    ...{ phase: 'swapping', way: isInstalled(state) ? 'units' : 'by-hand', from, to, expected, cause: null, at: now() },
    ...{ arguments: [...keepAddress(plane.arguments, state)], cwd: plane.cwd },
  };
}

async function wanted({ context, state, left, to, back }: BeginWishes): Promise<LotseProgram> {
  if (back === true) {
    if (to !== undefined) throw new LotseError('bad-input', '--back leads to the version before, --to to another one');
    if (left?.phase === 'upgraded') return left.from;
    throw new LotseError('conflict', 'No upgrade of this state is known that could be taken back', {
      hint: '--to FOLDER names the version that you want.',
    });
  }
  if (to === undefined) return ownProgram();
  const place = resolve(context.cwd, to);
  return /\.t(?:ar\.)?gz$/.test(place) ? await unpackProgram(place, state) : readProgram(place);
}

/** `lotse up` has it in its hand, and would take its end for a crash. */
function refuseUp({ arguments: words, pid }: RunningPlane): void {
  if (!words.includes('--stop-all-on-exit')) return;
  throw new LotseError('conflict', `This control plane belongs to \`lotse up\` in a terminal (process ${pid})`, {
    hint: 'Press Ctrl-C there, and type `lotse up` of the new version. Servers use `lotse install` or `lotse serve`.',
  });
}

/** Who asked for any free port gets the same one again: clients know it by now. */
function keepAddress(words: readonly string[], state: string): readonly string[] {
  const server = URL.parse(readClientFile(state)?.server ?? '');
  if (server === null) return words;
  return words.map((word, index) =>
    words[index - 1] === '--listen' && word.endsWith(':0') ? `${word.slice(0, -1)}${server.port}` : word,
  );
}

function sayHowToStart({ out }: Context, state: string, to: LotseProgram): null {
  if (out.isJson) out.json({ outcome: 'rehearsed', from: null, to: to.version });
  else {
    out.line(`No control plane runs on ${state}, or none that this user may see: nothing was swapped.`);
    out.line(
      `Start ${to.version} as you start Lotse. Until \`lotse upgrade --settle\` the version before can be started again.`,
    );
  }
  return null;
}
