import type { Fields } from '../documents/documents.ts';
import type { Lease, Mark, Picture, Step, StepName } from './picture.ts';

/**
 * The workflow of a picture, as pure functions from what is known to the fields that change:
 *
 *     check → facts ┐
 *           → sizes ┴→ publish → finished
 *
 * Facts and sizes run side by side. The workers call these inside a transaction, so two that finish together agree on
 * which of them was last and opens `publish`.
 */

/** After so many attempts a step is given up: each of them was either an error or a worker that died on it. */
export const maxAttempts = 5;

const before: { readonly [step in StepName]: readonly StepName[] } = {
  check: [],
  facts: ['check'],
  sizes: ['check'],
  publish: ['facts', 'sizes'],
};
const after: { readonly [step in StepName]: readonly StepName[] } = {
  check: ['facts', 'sizes'],
  facts: ['publish'],
  sizes: ['publish'],
  publish: [],
};

type Upload = Pick<Picture, 'owner' | 'name' | 'bytes' | 'uploadedAt' | 'release' | 'marked'>;

export function newPicture(upload: Upload): Picture {
  const step = (state: Step['state']): Step => ({ state, attempts: 0, notBefore: 0, lease: null, mark: null });
  return {
    ...upload,
    state: 'working',
    reason: null,
    finishedAt: null,
    steps: { check: step('ready'), facts: step('waiting'), sizes: step('waiting'), publish: step('waiting') },
    kind: null,
    facts: null,
    sizes: [],
  };
}

/** When a step may be taken, in milliseconds since 1970; `undefined`: not before something else happens. */
export function takeableFrom(step: Step): number | undefined {
  switch (step.state) {
    case 'ready':
      return step.notBefore;
    case 'running':
      return step.lease?.until ?? 0;
    case 'waiting':
    case 'done':
    case 'failed':
      return undefined;
  }
}

export function taken(picture: Picture, name: StepName, lease: Lease): Fields {
  return fieldsOf(name, { state: 'running', attempts: picture.steps[name].attempts + 1, lease });
}

/** The step is done: `result` are further fields of the picture, such as `facts`. Opens what waited for it. */
export function done(picture: Picture, name: StepName, mark: Mark, result: Fields): Fields {
  const isDone = (step: StepName) => step === name || picture.steps[step].state === 'done';
  const opened = after[name].filter((next) => picture.steps[next].state === 'waiting' && before[next].every(isDone));
  return {
    ...result,
    ...fieldsOf(name, { state: 'done', lease: null, mark }),
    ...Object.assign({}, ...opened.map((next) => fieldsOf(next, { state: 'ready' }))),
    ...(name === 'publish' ? { state: 'finished', finishedAt: mark.at } : {}),
  };
}

/** The picture cannot be taken, and its owner is told why. */
export function refused(name: StepName, mark: Mark, reason: string): Fields {
  return { ...fieldsOf(name, { state: 'failed', lease: null, mark }), state: 'refused', reason };
}

/** An error that may pass: again a little later, up to `maxAttempts`. */
export function failedOnce(picture: Picture, name: StepName, mark: Mark): Fields {
  const { attempts } = picture.steps[name];
  if (attempts >= maxAttempts) return givenUp(name, mark);
  const waitMs = 250 * 2 ** attempts;
  return fieldsOf(name, { state: 'ready', lease: null, notBefore: mark.at + waitMs });
}

export function givenUp(name: StepName, mark: Mark): Fields {
  const reason = `Something went wrong on our side in the step "${name}". Please upload the picture again.`;
  return { ...fieldsOf(name, { state: 'failed', lease: null, mark }), state: 'failed', reason };
}

/** A worker that stops hands its step back at once, and the attempt does not count. */
export function handedBack(picture: Picture, name: StepName): Fields {
  return fieldsOf(name, { state: 'ready', lease: null, attempts: Math.max(0, picture.steps[name].attempts - 1) });
}

function fieldsOf(name: StepName, change: Partial<Step>): Fields {
  return Object.fromEntries(Object.entries(change).map(([field, value]) => [`steps.${name}.${field}`, value]));
}
