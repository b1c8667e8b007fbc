/** The buttons of `/`: plain calls of the API, as anybody would make them. */
export const homeScript = `const find = (id) => document.getElementById(id)
const table = document.querySelector('table')
const rows = document.querySelector('tbody')
let pending
let timer

const given = location.hash.slice(1)
if (given.startsWith('sk_')) {
  sessionStorage.setItem('belay-key', given)
  history.replaceState(null, '', location.pathname)
}
find('key').value = sessionStorage.getItem('belay-key') ?? ''
if (find('key').value !== '') find('key-label').hidden = find('key-hint').hidden = true
find('key').addEventListener('input', () => sessionStorage.setItem('belay-key', find('key').value.trim()))

async function call(path, body) {
  const response = await fetch('/v1/' + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: 'Bearer ' + find('key').value.trim(), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const answer = await response.json()
  if (!response.ok) {
    if (response.status === 401 || response.status === 403) find('key-label').hidden = find('key-hint').hidden = false
    throw new Error(answer.message ?? 'status ' + response.status)
  }
  return answer
}

const inWorkflow = (verb) => 'workflows/' + encodeURIComponent(pending.workflow) + '/' + verb

async function look() {
  const { workflow, cancelation_key, workflow_run_id, people } = pending
  const { items: runs } = await call('workflow_recipient_runs?' + new URLSearchParams({ workflow, cancelation_key }))
  const { items: messages } = await call('messages?' + new URLSearchParams({ workflow_run_id }))
  rows.replaceChildren(...people.map((id) => {
    const run = runs.find(({ recipient }) => recipient === id)
    const row = document.createElement('tr')
    const sent = messages.filter(({ recipient }) => recipient === id).length
    for (const text of [id, sent === 0 ? 'none yet' : String(sent), toCome(run)]) {
      row.insertCell().textContent = text
    }
    const button = document.createElement('button')
    button.textContent = 'Cancel'
    button.disabled = run === undefined || isOver(run)
    button.addEventListener('click', () => act(() => cancel([id])))
    row.insertCell().append(button)
    return row
  }))
  table.hidden = false
  find('cancel').disabled = runs.every(isOver)
  clearTimeout(timer)
  if (!runs.every(isOver)) timer = setTimeout(() => act(look), 1000)
}

const isOver = ({ status }) => status === 'completed' || status === 'cancelled'

function toCome(run) {
  if (run === undefined) return ''
  if (run.status === 'cancelled') return 'nothing: canceled'
  if (run.status === 'completed') return 'nothing more'
  if (run.scheduled_at === null) return 'waits, or is being sent'
  return 'more in ' + Math.max(0, Math.ceil((Date.parse(run.scheduled_at) - Date.now()) / 1000)) + ' s'
}

async function cancel(recipients) {
  const { summary } = await call(inWorkflow('cancel'), { cancelation_key: pending.cancelation_key, recipients })
  const told = Object.entries(summary).filter(([, count]) => count > 0)
  find('said').textContent = 'The cancel answered: ' + told.map(([what, count]) => count + ' ' + what).join(', ') + '.'
  await look()
}

async function act(work) {
  try {
    await work()
  } catch (error) {
    find('said').textContent = error.message
  }
}

find('trigger').addEventListener('click', () => act(async () => {
  const workflow = find('workflow').value.trim()
  if (workflow === '') throw new Error('Which workflow?')
  const people = [...new Set(find('recipients').value.split(',').map((id) => id.trim()).filter((id) => id !== ''))]
  const data = JSON.parse(find('data').value)
  clearTimeout(timer)
  pending = { workflow, people, cancelation_key: 'from-the-start-page-' + Date.now() }
  find('said').textContent = ''
  const { cancelation_key } = pending
  const { workflow_run_id } = await call(inWorkflow('trigger'), { recipients: people, cancelation_key, data })
  pending.workflow_run_id = workflow_run_id
  await look()
}))
find('cancel').addEventListener('click', () => act(() => cancel(undefined)))
`
