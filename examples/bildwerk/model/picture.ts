import type { Collection, Documents, JsonObject } from '../documents/documents.ts';
import { booleanOf, listOf, numberOf, objectOf, oneOf, orNull, textOf } from './read-fields.ts';

/** The steps of the workflow; each is done by the worker of the same name. */
export const stepNames = ['check', 'facts', 'sizes', 'publish'] as const;
export type StepName = (typeof stepNames)[number];

const stepStates = ['waiting', 'ready', 'running', 'done', 'failed'] as const;
const pictureStates = ['working', 'finished', 'refused', 'failed'] as const;

/** Which worker did a step: the proof that it runs, and in which release. */
export type Mark = {
  readonly worker: string;
  readonly release: string;
  readonly instance: string;
  readonly at: number;
};
/** Who works on a step, and until when others leave it alone (milliseconds since 1970). */
export type Lease = { readonly holder: string; readonly until: number };

export type Step = {
  readonly state: (typeof stepStates)[number];
  /** How often a worker has begun. */
  readonly attempts: number;
  /** After a failure: when to try again, in milliseconds since 1970. */
  readonly notBefore: number;
  readonly lease: Lease | null;
  readonly mark: Mark | null;
};

export type Kind = { readonly format: string; readonly mime: string };
export type Facts = {
  readonly width: number;
  readonly height: number;
  readonly takenAt: string | null;
  readonly camera: string | null;
  readonly lens: string | null;
  readonly exposure: string | null;
  /** Where it was taken is in the original. It is not kept here, and never in the published sizes. */
  readonly hasLocation: boolean;
  readonly colours: readonly { readonly hex: string; readonly share: number }[];
  readonly blurhash: string;
};
export type Size = { readonly file: string; readonly width: number; readonly height: number; readonly bytes: number };

export type Picture = {
  readonly owner: string;
  readonly name: string;
  readonly bytes: number;
  readonly uploadedAt: number;
  /** The release of the dashboard that took the upload. */
  readonly release: string;
  /** Uploaded by a verification: workers that may do marked work only take it, too. */
  readonly marked: boolean;
  readonly state: (typeof pictureStates)[number];
  /** Why it was refused or failed, in words for its owner. */
  readonly reason: string | null;
  readonly finishedAt: number | null;
  readonly steps: { readonly [step in StepName]: Step };
  readonly kind: Kind | null;
  readonly facts: Facts | null;
  readonly sizes: readonly Size[];
};

export function pictures(documents: Documents): Collection<Picture> {
  return documents.collection('pictures', readPicture);
}

/** The fields that queries on pictures compare. */
export const pictureIndexes: readonly string[] = ['owner', ...stepNames.map((step) => `steps.${step}.state`)];

export function readPicture(data: JsonObject): Picture {
  const steps = objectOf(data, 'steps');
  const step = (name: StepName) => readStep(objectOf(steps, name));
  return {
    owner: textOf(data, 'owner'),
    name: textOf(data, 'name'),
    bytes: numberOf(data, 'bytes'),
    uploadedAt: numberOf(data, 'uploadedAt'),
    release: textOf(data, 'release'),
    marked: booleanOf(data, 'marked'),
    state: oneOf(data, 'state', pictureStates),
    reason: orNull(data, 'reason', textOf),
    finishedAt: orNull(data, 'finishedAt', numberOf),
    steps: { check: step('check'), facts: step('facts'), sizes: step('sizes'), publish: step('publish') },
    kind: readKind(orNull(data, 'kind', objectOf)),
    facts: readFacts(orNull(data, 'facts', objectOf)),
    sizes: listOf(data, 'sizes', readSize),
  };
}

function readStep(data: JsonObject): Step {
  const lease = orNull(data, 'lease', objectOf);
  const mark = orNull(data, 'mark', objectOf);
  return {
    state: oneOf(data, 'state', stepStates),
    attempts: numberOf(data, 'attempts'),
    notBefore: numberOf(data, 'notBefore'),
    lease: lease && { holder: textOf(lease, 'holder'), until: numberOf(lease, 'until') },
    mark: mark && {
      worker: textOf(mark, 'worker'),
      release: textOf(mark, 'release'),
      instance: textOf(mark, 'instance'),
      at: numberOf(mark, 'at'),
    },
  };
}

function readKind(data: JsonObject | null): Kind | null {
  return data && { format: textOf(data, 'format'), mime: textOf(data, 'mime') };
}

function readFacts(data: JsonObject | null): Facts | null {
  return (
    data && {
      width: numberOf(data, 'width'),
      height: numberOf(data, 'height'),
      takenAt: orNull(data, 'takenAt', textOf),
      camera: orNull(data, 'camera', textOf),
      lens: orNull(data, 'lens', textOf),
      exposure: orNull(data, 'exposure', textOf),
      hasLocation: booleanOf(data, 'hasLocation'),
      colours: listOf(data, 'colours', (item) => ({ hex: textOf(item, 'hex'), share: numberOf(item, 'share') })),
      blurhash: textOf(data, 'blurhash'),
    }
  );
}

function readSize(data: JsonObject): Size {
  return {
    file: textOf(data, 'file'),
    width: numberOf(data, 'width'),
    height: numberOf(data, 'height'),
    bytes: numberOf(data, 'bytes'),
  };
}
