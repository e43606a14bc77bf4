import type { Database } from '../../database/open-database.ts';
import type { Builders } from '../../ports/builders/builders.ts';
import type { ReleasePart } from '../../ports/release-part/release-part.ts';
import type { Target } from '../../ports/targets/targets.ts';
import { artifactPart } from './artifact-part.ts';
import { askUpstream } from './ask-upstream.ts';
import { definitionsPart } from './definitions-part.ts';
import { findRevision } from './release-rows.ts';
import { roomPart } from './room-part.ts';

interface PartSources {
  readonly database: Database;
  readonly builders: Builders;
  readonly target: Target;
  readonly config: ReleasePart;
  readonly secrets: ReleasePart;
  readonly flags: ReleasePart;
}

/** What makes up a revision, in the order in which people read it. */
export function releaseParts({
  database,
  builders,
  target,
  config,
  secrets,
  flags,
}: PartSources): readonly ReleasePart[] {
  return [
    artifactPart(builders),
    config,
    secrets,
    flags,
    definitionsPart((revision) => findRevision(database.db, revision.app, revision.id), askUpstream),
    roomPart(target),
  ];
}
