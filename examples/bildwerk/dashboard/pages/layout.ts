import type { App, SignedIn } from '../app.ts';
import { releaseNotes } from '../release-notes.ts';
import { html } from './html.ts';
import type { Html, Part } from './html.ts';

type Frame = { readonly app: App; readonly signedIn: SignedIn | undefined };

/** A whole page around `content`. */
export function layout({ app, signedIn }: Frame, title: string, content: Part): Html {
  const { assets, environment } = app;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · bildwerk</title>
        <link rel="icon" href="${assets.path('mark.svg')}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assets.path('bildwerk.css')}" />
        <link rel="stylesheet" href="${assets.path('pictures.css')}" />
        <script type="module" src="${assets.path('bildwerk.js')}"></script>
      </head>
      <body>
        <header class="top">
          <a class="brand" href="/"><img src="${assets.path('mark.svg')}" alt="" width="28" height="28" />bildwerk</a>
          <nav>${signedIn === undefined ? guestLinks : memberLinks(signedIn)}</nav>
        </header>
        <main>${content}</main>
        <footer>
          <span>${releaseNotes}</span>
          <span class="release">${environment.environment} · release ${environment.release}</span>
        </footer>
      </body>
    </html> `;
}

const guestLinks = html`<a href="/login">Sign in</a> <a class="button small" href="/register">Register</a>`;

function memberLinks({ account }: SignedIn): Html {
  return html`<a href="/pictures">Pictures</a>
    <a href="/account">${account.name}</a>
    <form method="post" action="/logout"><button class="link">Sign out</button></form>`;
}
