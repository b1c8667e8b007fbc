import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConnectionUrl } from 'nodemailer/lib/shared'
import { z } from 'zod'
import { mailgun, postmark, resend, sendgrid, ses } from '../../channels/email/smtp-presets.ts'
import { channelTypes } from '../../channels/registry.ts'

test('each mail service has its server, a login that survives the URL, and TLS that is required', () => {
  const secret = 'p:/%@?#&+ ä'
  const cases = [
    [
      ses,
      { region: 'eu-west-1', smtp_user: 'AKIA', smtp_password: secret },
      'email-smtp.eu-west-1.amazonaws.com',
      587,
      'AKIA',
    ],
    [sendgrid, { api_key: secret }, 'smtp.sendgrid.net', 587, 'apikey'],
    [postmark, { server_token: secret }, 'smtp.postmarkapp.com', 587, secret],
    [resend, { api_key: secret }, 'smtp.resend.com', 465, 'resend'],
    [
      mailgun,
      { smtp_login: 'x@mg.example', smtp_password: secret, region: 'eu' },
      'smtp.eu.mailgun.org',
      587,
      'x@mg.example',
    ],
  ] as const
  for (const [service, settings, host, port, user] of cases) {
    const { url } = service as { url: (settings: unknown) => string; settings: z.ZodType }
    const parsed = parseConnectionUrl(url(service.settings.parse(settings)))
    assert.deepEqual([parsed.host, parsed.port, parsed.auth], [host, port, { user, pass: secret }])
    assert.deepEqual([parsed.requireTLS, parsed.secure], [true, port === 465])
  }
})

test('every provider refuses a setting it does not have', () => {
  for (const { providers } of Object.values(channelTypes)) {
    for (const [key, { settings }] of Object.entries(providers as Record<string, { settings: z.ZodType }>)) {
      const issues = settings.safeParse({ no_such_setting: 1 }).error?.issues ?? []
      assert.ok(
        issues.some((issue) => issue.code === 'unrecognized_keys'),
        key,
      )
    }
  }
})
