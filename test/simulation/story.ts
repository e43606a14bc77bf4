import type { Shrunk } from './shrink.ts';

const mostLines = 60;

/** What happened, for people: as short as the voyage could be made. */
export function storyOf({ course, examined, without, only, attempts }: Shrunk): readonly string[] {
  const ship = examined.ships.find((each) => each.violations.length > 0) ?? examined.ships[0];
  const faults = only === null ? 'all its faults' : `${only.size} faults (${[...only].join(', ')})`;
  const left = without.size === 0 ? '' : `, without the rollouts ${[...without].join(', ')}`;
  const people = course.hasPeople ? 'with people' : 'without people';
  const trace = ship?.trace ?? [];
  const end = trace.findIndex((line) => line.includes('VIOLATION'));
  const lines = trace.slice(0, end === -1 ? trace.length : end + 1);
  const isCut = lines.length > mostLines;
  return [
    `seed ${course.seed}: ${course.climate}, ${people}, ${course.environments.join(' and ')}, ${faults}${left}`,
    `(the shortest of ${attempts} attempts)`,
    ...(isCut ? [`… ${lines.length - mostLines} lines before`] : []),
    ...lines.slice(-mostLines),
    ...examined.violations,
  ];
}
