import type { RoutedEnvironment, RoutingDocument } from '../../core/routing-document.ts';

/**
 * Routing documents as JSON, for whoever writes one after the other. An environment that is the same object as before is
 * the same text: with many of them, most of a document was written before.
 */
export class DocumentText {
  readonly #environments = new WeakMap<RoutedEnvironment, string>();

  of({ environments, ...others }: RoutingDocument): string {
    const texts = environments.map((environment) => this.#textOf(environment));
    return `{"environments":[${texts.join(',')}],${JSON.stringify(others).slice(1)}`;
  }

  #textOf(environment: RoutedEnvironment): string {
    const known = this.#environments.get(environment);
    if (known !== undefined) return known;
    const text = JSON.stringify(environment);
    this.#environments.set(environment, text);
    return text;
  }
}
