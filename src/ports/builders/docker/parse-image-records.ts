import type { Artifact } from '../builders.ts';

/** What is kept of an image: written by this builder only, whole or not at all. */
export interface ImageRecord {
  readonly format: 1;
  readonly artifact: Artifact;
  /** The tag that keeps the image from being pruned as one without a name. */
  readonly tag: string;
}

export function parseImageRecord(text: string): ImageRecord {
  return JSON.parse(text) as ImageRecord;
}
