import { RuleTester } from 'eslint'
import { describe, it } from 'node:test'
import { errorListener } from '../../scripts/lint/error-listener.js'

RuleTester.describe = describe as typeof RuleTester.describe
RuleTester.it = it as typeof RuleTester.it

const missing = [{ messageId: 'missing' }]

new RuleTester().run('error-listener', errorListener, {
  valid: [
    "import { connect } from 'node:net'\nconst socket = connect(1)\nsocket.on('error', () => {})",
    "import { spawn } from 'node:child_process'\nspawn('ls').on('error', () => {})",
    "import { spawn } from 'node:child_process'\nspawn('ls').on('exit', () => {}).on('error', () => {})",
    "import pg from 'pg'\nconst pool = new pg.Pool()\npool.on('error', () => {})",
    "import { connect } from './ours.ts'\nconnect(1)",
    "import { createGzip } from 'node:zlib'\nconst gzip = createGzip().on('error', () => {})",
  ],
  invalid: [
    {
      code: "import { connect } from 'node:net'\nconst socket = connect(1)\nsocket.on('close', () => {})",
      errors: missing,
    },
    {
      code: "import { connect } from 'node:net'\nconst socket = connect(1)\nsocket.once('error', () => {})",
      errors: missing,
    },
    { code: "import pg from 'pg'\nconst client = new pg.Client()", errors: missing },
    { code: "import { createGunzip } from 'node:zlib'\nsource.pipe(createGunzip())", errors: missing },
    { code: "import net from 'net'\nnet.connect(1)", errors: missing },
    { code: "import SMTP from 'nodemailer/lib/smtp-connection'\nconst smtp = new SMTP()", errors: missing },
    { code: "import { SMTPServer } from 'smtp-server'\nnew SMTPServer().listen(1)", errors: missing },
    { code: "import * as net from 'node:net'\nnet.connect(1)", errors: missing },
    { code: "import { createServer } from 'node:http'\nconst make = () => createServer()", errors: missing },
  ],
})
