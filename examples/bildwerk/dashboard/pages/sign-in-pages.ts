import { html } from './html.ts';
import type { Html } from './html.ts';

export type Entered = { readonly email: string; readonly name: string };

export const welcomePage = html`<section class="welcome">
  <h1>Your pictures, made ready.</h1>
  <p>
    Upload a picture and watch it being checked, read, resized and published, step by step. It stays yours: nobody else
    sees it, and you can take it away at any time.
  </p>
  <p class="actions"><a class="button" href="/register">Register</a> <a href="/login">I have an account</a></p>
  <ol class="promise">
    <li><b>Check</b> Is it really a picture, whole and of a size that can be shown?</li>
    <li><b>Facts</b> Dimensions, camera, colours. Where it was taken stays out.</li>
    <li><b>Sizes</b> Small, medium and large, upright, as WebP.</li>
    <li><b>Publish</b> The finished set appears, all at once.</li>
  </ol>
</section>`;

export function registerPage(entered: Entered, problem: string | undefined): Html {
  return html`<section class="card narrow">
    <h1>Register</h1>
    ${notice(problem)}
    <form method="post" action="/register" class="stack">
      <label>Name <input name="name" autocomplete="name" required maxlength="80" value="${entered.name}" /></label>
      ${emailField(entered.email)}
      <label>
        Password
        <input name="password" type="password" autocomplete="new-password" required minlength="10" maxlength="200" />
        <small>At least 10 characters.</small>
      </label>
      <button class="button">Register</button>
    </form>
    <p class="aside">You have an account? <a href="/login">Sign in</a></p>
  </section>`;
}

export function loginPage(entered: Entered, problem: string | undefined): Html {
  return html`<section class="card narrow">
    <h1>Sign in</h1>
    ${notice(problem)}
    <form method="post" action="/login" class="stack">
      ${emailField(entered.email)}
      <label>
        Password <input name="password" type="password" autocomplete="current-password" required maxlength="200" />
      </label>
      <button class="button">Sign in</button>
    </form>
    <p class="aside">New here? <a href="/register">Register</a></p>
  </section>`;
}

/** A hidden address tells password managers whose password is asked for. */
export function accountPage(name: string, email: string, count: number, problem: string | undefined): Html {
  const pictures = count === 1 ? '1 picture' : `${count} pictures`;
  return html`<section class="card narrow">
    <h1>${name}</h1>
    <p class="muted">${email} · ${pictures}</p>
    <h2>Leave bildwerk</h2>
    <p>This deletes your account and all your pictures, at once and for good.</p>
    ${notice(problem)}
    <form method="post" action="/account/delete" class="stack">
      <input name="email" type="hidden" autocomplete="username" value="${email}" />
      <label>
        Your password <input name="password" type="password" autocomplete="current-password" required maxlength="200" />
      </label>
      <button class="button danger">Delete account and pictures</button>
    </form>
  </section>`;
}

export function problemPage(message: string): Html {
  return html`<section class="card narrow">
    <h1>That did not work</h1>
    <p>${message}</p>
    <p><a href="/">Back to the start</a></p>
  </section>`;
}

export function notice(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`<p class="notice" role="alert">${problem}</p>`;
}

function emailField(email: string): Html {
  return html`<label>
    E-mail <input name="email" type="email" autocomplete="email" required maxlength="200" value="${email}" />
  </label>`;
}
