/** What every page of the server has around it, and the one that asks for the token. No scripts: the server draws it all. */
import { Html, html } from './html.ts'

const style = new Html(`
:root { color-scheme: light dark; --ink: #1b2733; --faint: #66778a; --line: #dde4ea; --paper: #fff; --ground: #f5f7f9;
  --green: #1a7f4b; --amber: #a86400; --red: #c0362c; --blue: #1f6fb2; --grey: #8796a5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e4ebf1; --faint: #93a4b4; --line: #2c3844; --paper: #17202a;
  --ground: #10171e; --green: #4cc38a; --amber: #e0a040; --red: #ef7a70; --blue: #6cb2ee; --grey: #7a8a99 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
header, main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; color: var(--faint) }
header a { color: var(--ink); font-weight: 650; font-size: 1.2rem; text-decoration: none }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.25rem;
  margin-bottom: 1rem; overflow-x: auto }
h2 { font-size: 1rem; margin: 0 0 .6rem }
table { border-collapse: collapse; width: 100% }
th { text-align: left; font-weight: 500; color: var(--faint); font-size: .85rem }
th, td { padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
tr:last-child td { border-bottom: 0 }
td { white-space: nowrap } td.wide { white-space: normal; overflow-wrap: anywhere; min-width: 11rem }
a { color: var(--blue) } code { font: .9em ui-monospace, monospace }
.faint { color: var(--faint) } .green { color: var(--green) } .amber { color: var(--amber) } .red { color: var(--red) }
.blue { color: var(--blue) } .grey { color: var(--grey) }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin-bottom: .8rem }
.tiles a { text-decoration: none } .tiles b { display: block; font-size: 1.5rem; line-height: 1.2; font-weight: 600 }
.bar { display: flex; margin-top: .4rem; height: .7rem; min-width: 10rem; border-radius: 3px; overflow: hidden; background: var(--line) }
.bar i { display: block; background: currentColor }
form { display: flex; flex-wrap: wrap; gap: .5rem; margin: .6rem 0 }
input, button { font: inherit; color: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--ground) }
input { min-width: min(24rem, 100%) } button { cursor: pointer }
`)

interface PageAround {
  readonly version: string
  /** Beside the name of the program. */
  readonly facts: readonly (Html | string)[]
  /** Seconds after which it is drawn anew. */
  readonly refresh?: number
}

export function page({ version, facts, refresh }: PageAround, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      ${refresh === undefined ? undefined : html`<meta http-equiv="refresh" content="${refresh}" />`}
      <link rel="icon" href="data:," />
      <title>Coapstan</title>
      <style>
        ${style}
      </style>
      <header><a href="/">Coapstan ${version}</a>${facts.map((fact) => html`<span>${fact}</span>`)}</header>
      <main>${body}</main>
    </html>`.text
}

/** `isWrong`: a token was shown, and it is not this server's. */
export function signIn(isWrong: boolean): Html {
  return html`<section>
      <h2>Look at the fleet</h2>
      <form method="post" action="/">
        <input
          type="password"
          name="token"
          aria-label="API token"
          placeholder="API token"
          autocomplete="off"
          autofocus
        />
        <button>Show</button>
      </form>
      <p class="${isWrong ? 'red' : 'faint'}">
        ${isWrong ? 'This is not the token of this server. It' : 'The token'} is in the file <code>api-token</code> of
        the data directory; the server says where when it starts.
      </p>
    </section>
    <section>
      <h2>Or without a browser</h2>
      <p>
        <code>npx coapstan devices</code> on this machine; <code>npx coapstan --help</code> says what else there is.
      </p>
      <p>The HTTP API describes itself: <a href="/v1/openapi.json">/v1/openapi.json</a>.</p>
    </section>`
}
