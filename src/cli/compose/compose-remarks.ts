import type { ComposeService } from './compose-app.ts';
import type { Say } from './parse-compose-service.ts';

/** Said once for what becomes part of the app, however often it stands there. */
export function sayWhatIsSolved(services: readonly ComposeService[], say: Say): void {
  const depends = services.flatMap(({ dependsOn }) => dependsOn)[0];
  if (depends !== undefined) {
    const message =
      '`depends_on`: the order is not needed; services start together, requests go to what is ready, and an app has to ask again anyway when its database was away';
    say(depends.line, 'not-needed', message);
  }
  const published = services.flatMap(({ ports }) => ports).find((port) => port.published !== null);
  if (published !== undefined) {
    say(
      published.line,
      'not-needed',
      'ports of the machine are not taken: the proxy of Lotse answers for all services, by domain and path',
    );
  }
  const always = services.flatMap(({ restart }) => restart ?? []).find(({ value }) => value !== 'no');
  if (always !== undefined) {
    say(always.line, 'not-needed', '`restart`: a service that ends is started again, always');
  }
  const label = services.flatMap(({ labels }) => labels)[0];
  if (label !== undefined) {
    say(label.line, 'not-needed', '`labels`: requests are sorted by `domains` and `path`; nothing else goes by labels');
  }
}
