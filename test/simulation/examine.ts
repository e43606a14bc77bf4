import type { Saboteur } from './control-plane.ts';
import type { Course } from './course.ts';
import { sail, type Sailed, type SailOptions } from './sail.ts';

/** Makes a saboteur for each voyage: what it remembers belongs to that one alone. */
export type Sabotage = () => Saboteur;

export interface Examined {
  readonly ships: readonly Sailed[];
  readonly violations: readonly string[];
}

/** Sails a course, and once more without crashes where these must make no difference. */
export async function examine(
  course: Course,
  options: Omit<SailOptions, 'saboteur'> = {},
  sabotage: Sabotage | null = null,
): Promise<Examined> {
  const again = () => ({ ...options, saboteur: sabotage?.() ?? null });
  const first = await sail(course, again());
  if (first.violations.length > 0 || !course.isSteady) return { ships: [first], violations: first.violations };
  const twin = await sail(course, { ...again(), withoutCrashes: true });
  const violations = [...twin.violations];
  if (violations.length === 0 && first.endState !== twin.endState)
    violations.push(`crashes changed the end:\n${first.endState}\nwithout them:\n${twin.endState}`);
  return { ships: [first, twin], violations };
}
