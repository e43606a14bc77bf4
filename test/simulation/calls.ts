import { LotseError } from '../../src/core/errors.ts';
import { Silence, type Fate } from './silence.ts';
import type { FaultId, Weather } from './weather.ts';
import type { World } from './world.ts';

type PortName = 'journal' | 'target' | 'traffic' | 'gates' | 'checkpoints' | 'signals';

/** One life of a process, as far as its calls are concerned. */
export interface Life {
  readonly isDead: () => boolean;
  readonly kill: (point: string) => void;
}

/** How a control plane reaches the world: calls take time, fail, hang, arrive twice, and end with the process. */
export class Calls {
  readonly #weather: Weather;
  readonly #life: Life;
  readonly #silence: Silence;

  constructor(weather: Weather, life: Life) {
    this.#weather = weather;
    this.#silence = new Silence(weather);
    this.#life = life;
  }

  /** A question: it may fail, or take its time. */
  async look<Value>(port: PortName, world: World, act: () => Value): Promise<Value> {
    if (this.#life.isDead()) await never();
    const fate = this.#silence.meets(port, world);
    if (fate !== null) return await this.#silent(world, fate, act);
    const wait = this.#onTheWay(port, world);
    if (wait !== null) await wait;
    this.#mayFail(port, port, world);
    const value = act();
    const late = this.#slowed(world, 'reply');
    if (late !== null) await late;
    return value;
  }

  /** Something that changes the world: the process may die right before it or right after it, its reply may be lost. */
  async deed<Value>(port: PortName, world: World, act: (isRepeated: boolean) => Value): Promise<Value> {
    if (this.#life.isDead()) await never();
    const fate = this.#silence.meets(port, world);
    if (fate !== null) return await this.#silent(world, fate, () => act(false));
    const wait = this.#onTheWay(port, world);
    if (wait !== null) await wait;
    this.#mayFail(port, `changes of ${port}`, world);
    if (this.#weather.kills()) return await this.#killAndWait(`before a call to ${port}`);
    const value = act(false);
    if (port !== 'journal' && this.#strikes('duplicate', world)) {
      world.note(`a call to ${port} arrives twice`);
      act(true);
    }
    if (this.#weather.kills()) return await this.#killAndWait(`after a call to ${port}`);
    const late = this.#slowed(world, 'reply');
    if (late !== null) await late;
    if (port !== 'journal' && this.#strikes('lost reply', world)) {
      world.note(`the reply of ${port} is lost`);
      throw new LotseError('unreachable', `no reply from ${port}`, { retriable: true });
    }
    return value;
  }

  /** It may be heard late, or never be answered. What a dead process has asked for does not happen any more. */
  async #silent<Value>(world: World, { happens, afterMs, isAnswered }: Fate, act: () => Value): Promise<Value> {
    if (happens === 'never') return await never();
    const early = happens === 'at once' ? { value: act() } : null;
    await this.#sleep(world, afterMs);
    const value = early === null ? act() : early.value;
    return isAnswered ? value : await never();
  }

  /** Null: it is there at once. Nothing is waited for without need: there are very many calls. */
  #onTheWay(port: PortName, world: World): Promise<void> | null {
    this.#mayJump(world);
    const slow = this.#slowed(world, 'request');
    const hang = port === 'target' || port === 'traffic' ? this.#strikes('hang', world) : null;
    if (hang === null) return slow;
    return slow === null ? this.#hang(port, world, hang) : slow.then(() => this.#hang(port, world, hang));
  }

  #mayFail(port: PortName, kind: string, world: World): void {
    const fault = this.#weather.fails(port, kind, world.scope.environment, world.time.now);
    if (fault === null) return;
    world.count(fault === 'failing' ? 'faults: failing' : `faults: ${fault}, calls`);
    if (fault === 'full disk') world.hadMishap();
    if (fault !== 'down') world.note(`${port}: ${fault}`);
    const code = port === 'journal' ? 'disk-full' : 'unreachable';
    throw new LotseError(code, `${port} does not answer`, { retriable: true });
  }

  #slowed(world: World, half: 'request' | 'reply'): Promise<void> | null {
    const fault = this.#weather.strikes(half === 'request' ? 'slow request' : 'slow reply', world.scope.environment);
    if (fault === null) return null;
    world.count(`faults: slow ${half}`);
    return this.#sleep(world, this.#weather.howMuch(fault, 1, 400));
  }

  async #sleep(world: World, ms: number): Promise<void> {
    await world.time.sleep(ms);
    if (this.#life.isDead()) await never();
  }

  async #hang(port: PortName, world: World, fault: FaultId): Promise<void> {
    const { shore } = world;
    // Some calls are about all environments.
    shore.mishaps++;
    shore.hanging++;
    shore.note(`a call to ${port} hangs`);
    await world.time.sleep(this.#weather.howMuch(fault, 2_000, 60_000));
    shore.hanging--;
    if (this.#life.isDead()) await never();
    if (this.#weather.isLikely(fault, 0.5)) throw new LotseError('unreachable', `${port} hung`, { retriable: true });
  }

  /** Somebody sets the clock, a moment later. */
  #mayJump(world: World): void {
    const fault = this.#weather.strikes('clock jump', null);
    if (fault === null) return;
    const { shore, time } = world;
    const isFar = this.#weather.isLikely(fault, 0.7);
    const far = this.#weather.howMuch(fault, 31_000, 8 * 3_600_000);
    const near = this.#weather.howMuch(fault, 1, 900);
    const isBack = far % 2 === 0;
    time.after(near, () => {
      shore.clockOffsetMs += (isBack ? -1 : 1) * (isFar ? far : near);
      shore.count('faults: clock jump');
      shore.note(`the clock is put ${isBack ? 'back' : 'forward'} by ${isFar ? far : near} ms`);
    });
  }

  #strikes(kind: 'duplicate' | 'lost reply' | 'hang', world: World): FaultId | null {
    const fault = this.#weather.strikes(kind, world.scope.environment);
    if (fault !== null) world.count(`faults: ${kind}`);
    return fault;
  }

  async #killAndWait(point: string): Promise<never> {
    this.#life.kill(point);
    return await never();
  }
}

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}
