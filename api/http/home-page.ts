/** What `/` shows in a browser. It holds no key and names no definition but the example: anybody may see it. */
export interface Home {
  /** Temporal's Web UI, where this process knows it. */
  uiUrl: string | undefined
  /** Whether this process catches e-mail. */
  catchesMail: boolean
  /** Whether the example definition is there; else the page asks which one to try. */
  hasExample: boolean
}

export const EXAMPLE = 'try-me'

/** The page at `/` of `npm start`, as HTML. */
export function homePage({ uiUrl, catchesMail, hasExample }: Home): string {
  const ui = uiUrl === undefined ? '' : `<a href="${escaped(uiUrl)}">Temporal Web UI</a>`
  const mail = catchesMail ? '<a href="/dev/mail">Caught mail</a>' : ''
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Belay</title>
<link rel="stylesheet" href="/home.css">
<main>
  <h1>Belay</h1>
  <p>A notification service on Temporal: it tells people <em>later</em>, and takes it back <em>before</em> it is sent. A
  cancel says, person by person, what it did.</p>
  <nav><a href="/docs/">API documentation</a><a href="/openapi.json">openapi.json</a>${mail}${ui}</nav>
  <section>
    <h2>Try it</h2>
    ${hasExample ? EXAMPLE_FIELDS : OWN_FIELDS}
    <label id="key-label">Secret key <input id="key" type="password" autocomplete="off" placeholder="sk_…"></label>
    <p class="hint" id="key-hint">In the file that <code>npm start</code> names: <code>.belay/keys.json</code>, or that of
    <code>BELAY_DATA_DIR</code>. It stays in this tab.</p>
    <p><button id="trigger">${hasExample ? 'Notify Ada, Grace and Alan' : 'Notify'}</button> <button id="cancel" disabled>Cancel all</button></p>
    <table hidden><thead><tr><th>Person</th><th>Messages</th><th>What is to come</th><th></th></tr></thead><tbody></tbody></table>
    <p id="said" role="status"></p>
  </section>
</main>
<script src="/home.js"></script>
</html>
`
}

const EXAMPLE_FIELDS = `<p>The example notifies three people at once, and again in a minute. Cancel the second message for one of
    them, or for all.</p>
    <input id="workflow" type="hidden" value="${EXAMPLE}"><input id="recipients" type="hidden" value="ada, grace, alan">
    <input id="data" type="hidden" value="{}">`

const OWN_FIELDS = `<p>Notify people by a workflow of yours, and cancel what is still to come for one of them, or for all.</p>
    <label>Workflow <input id="workflow" placeholder="its folder’s name"></label>
    <label>User ids <input id="recipients" value="ada, grace, alan"></label>
    <label>Data <input id="data" value="{}"></label>`

export const homeStyle = `body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; color: #1c2330; background: #f6f7f9 }
main { max-width: 44rem; margin: 3rem auto; padding: 2rem 2.5rem; background: #fff; border-radius: .75rem; box-shadow: 0 1px 4px #0002 }
h1 { margin: 0; font-size: 2rem } h2 { margin: 2rem 0 .5rem; font-size: 1.25rem }
nav { display: flex; gap: 1.5rem; flex-wrap: wrap } a { color: #0b5cad }
label { display: block; margin: .35rem 0 } [hidden] { display: none }
input { font: inherit; padding: .3rem .5rem; width: 18rem; max-width: 100%; box-sizing: border-box; border: 1px solid #98a2b3; border-radius: .35rem }
button { font: inherit; padding: .35rem .9rem; border: 1px solid #0b5cad; border-radius: .35rem; background: #0b5cad; color: #fff; cursor: pointer }
button:disabled { opacity: .45; cursor: default } td button, #cancel { background: #fff; color: #0b5cad }
.hint { margin: .25rem 0; color: #5b6474; font-size: .875rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .5rem; border-bottom: 1px solid #e3e6eb }
#said { min-height: 1.5rem }
`

const escaped = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
