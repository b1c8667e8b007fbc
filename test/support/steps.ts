/** Steps as a definition's author writes them, with as little as they need. */
export const feedStep = (ref: string, markdown_body = ref) => ({
  ref,
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body },
})

export const emailStep = (ref: string, template: { subject: string; html_body?: string; text_body?: string }) => ({
  ref,
  type: 'channel',
  channel_type: 'email',
  template: { html_body: '<p>Hello</p>', ...template },
})

export const httpStep = (ref: string, url: string, body: string) => ({
  ref,
  type: 'channel',
  channel_type: 'http',
  template: { method: 'post', url, body },
})

export const delayStep = (ref: string, value: number, unit = 'seconds') => ({
  ref,
  type: 'delay',
  settings: { delay_for: { unit, value } },
})

export const workflow = (...steps: object[]) => ({ steps })
