import { isJsonObject } from '../documents/fields.ts';
import type { Json, JsonObject } from '../documents/documents.ts';
import { listOf, numberOf, objectOf, orNull, textOf } from '../model/read-fields.ts';

/** A picture as the dashboard tells of it. */
export type SeenPicture = {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly steps: readonly {
    readonly name: string;
    readonly state: string;
    readonly mark: { readonly worker: string; readonly release: string } | null;
  }[];
  readonly facts:
    | {
        readonly width: number;
        readonly height: number;
        readonly camera: string | null;
        readonly colours: number;
        readonly blurhash: string;
      }
    | undefined;
  readonly sizes: readonly { readonly file: string; readonly width: number }[];
};

/** The id of the one picture that an upload accepted. */
export function readAccepted(body: Buffer): string {
  const { accepted } = readObject(body);
  const first: Json | undefined = Array.isArray(accepted) ? accepted[0] : undefined;
  if (typeof first !== 'string') throw new Error(`the upload was not accepted: ${body.toString('utf8').slice(0, 200)}`);
  return first;
}

export function readPicture(body: Buffer): SeenPicture {
  const data = readObject(body);
  const facts = orNull(data, 'facts', objectOf);
  return {
    id: textOf(data, 'id'),
    state: textOf(data, 'state'),
    reason: orNull(data, 'reason', textOf),
    steps: Object.entries(objectOf(data, 'steps')).map(([name, step]) => readStep(name, step)),
    facts: facts === null ? undefined : readFacts(facts),
    sizes: listOf(data, 'sizes', (size) => ({ file: textOf(size, 'file'), width: numberOf(size, 'width') })),
  };
}

function readStep(name: string, step: Json): SeenPicture['steps'][number] {
  const data = isJsonObject(step) ? step : {};
  const mark = orNull(data, 'mark', objectOf);
  return {
    name,
    state: textOf(data, 'state'),
    mark: mark && { worker: textOf(mark, 'worker'), release: textOf(mark, 'release') },
  };
}

function readFacts(facts: JsonObject): NonNullable<SeenPicture['facts']> {
  return {
    width: numberOf(facts, 'width'),
    height: numberOf(facts, 'height'),
    camera: orNull(facts, 'camera', textOf),
    colours: listOf(facts, 'colours', (colour) => colour).length,
    blurhash: textOf(facts, 'blurhash'),
  };
}

function readObject(body: Buffer): JsonObject {
  const data: Json = JSON.parse(body.toString('utf8'));
  if (!isJsonObject(data)) throw new Error(`an object was expected, not ${body.toString('utf8').slice(0, 100)}`);
  return data;
}
