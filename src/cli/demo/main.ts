/**
 * `coapstan demo`: the quick start by itself. Starts a server on free ports with a directory of its own and
 * two virtual devices, then types the commands a user would. Speaks to all of them from outside only.
 */
import { styleText } from 'node:util'
import { Stage, StepFailed, type Background } from './stage.ts'

const nbiot = 'urn:dev:demo-nbiot'
const thread = 'urn:dev:demo-thread'
const interruptedExit = 130
/** Milliseconds. */
const startPatience = 15_000
const sleepPatience = 30_000
const observeFor = 7000
/** Octets; at 512 a block a slow radio fetches it in some six seconds. */
const imageSize = 8192
/** Lines of a device shown after a command. */
const shownLines = 10
/** What a device says on its way from one image to the next, block by block left out. */
const updateSteps = /→ update|Download(ing|ed)$|Updating$|swaps|boot loader|→ register|confirmed/

const paint = (style: 'bold' | 'dim' | 'cyan' | 'green' | 'red', text: string): string =>
  styleText(style, text, { stream: process.stdout })
const tell = (text = ''): void => void process.stdout.write(`${text}\n`)

const stage = new Stage()
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
// Whoever watched has gone: `coapstan demo | head`.
process.stdout.on('error', interrupt)
process.on('exit', () => stage.abandon())
process.exitCode = await play()

function interrupt(): void {
  interrupted = true
  void stage.close().then(() => process.exit(interruptedExit))
}

async function play(): Promise<number> {
  const began = Date.now()
  try {
    await show()
    await stage.close()
    tell(paint('green', `\n✔ All of it in ${Math.round((Date.now() - began) / 1000)} s, and nothing is left behind.`))
    tell(whatNext())
    return 0
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error
    if (interrupted) return interruptedExit
    tell(paint('red', `\n✘ The demonstration stopped: ${error.message}`))
    for (const line of error.lines) tell(paint('dim', `    ${line}`))
    return 1
  } finally {
    await stage.close()
  }
}

async function show(): Promise<void> {
  heading('A server', 'CoAP, HTTP and SQLite in one process, on free ports and with a directory of its own')
  const server = stage.start('server', [
    'serve',
    `--data-directory=${stage.directory}/data`,
    '--coap-host=127.0.0.1',
    '--coap-port=0',
    '--coaps-host=127.0.0.1',
    '--coaps-port=0',
    '--http-port=0',
  ])
  const [, coapPort] = await server.says(/coap +udp \S+:(\d+)/, startPatience)
  const [, httpUrl] = await server.says(/(http:\/\/\S+)\/v1/, startPatience)
  stage.environment['COAPSTAN_SERVER'] = httpUrl
  echo(server)

  heading('Two virtual devices', 'an NB-IoT one that sleeps, and a Thread one that polls every 2 s')
  const device = (endpoint: string, ...options: readonly string[]): Background =>
    stage.start(endpoint.slice(endpoint.lastIndexOf('-') + 1), [
      'device',
      '--endpoint',
      endpoint,
      '--server',
      `coap://127.0.0.1:${coapPort}`,
      ...options,
    ])
  const first = device(
    nbiot,
    '--personality',
    'nbiot',
    '--latency',
    '250ms',
    '--update-every',
    '27s',
    '--reboot-time',
    '2s',
  )
  const second = device(thread, '--personality', 'thread-sleepy')
  for (const each of [first, second]) await each.says(/→ register .* 2\.01/, startPatience)
  echo(first)
  echo(second)
  await command(['devices'])

  heading('Ask a device', 'every request is a stored operation first, sent when the device can hear it')
  await command(['read', thread, '/3/0'])
  await command(['write', thread, '/3/0/14', '+02:00'], second)
  await command(['observe', thread, '/4/0/2', '--follow'], second, { enough: observeFor })

  heading('New firmware for the NB-IoT device', 'which has gone to sleep meanwhile: the update waits until it wakes')
  await command(['firmware', 'make-demo-image', '1.1.0', './app-1.1.0.bin', '--size', String(imageSize)])
  await command(['firmware', 'add', './app-1.1.0.bin', '--version', '1.1.0', '--product', 'demo'])
  tell(paint('dim', '\n  It listens for 20 s after its last word …'))
  await first.says(/radio off/, sleepPatience)
  echo(first)
  await command(['devices'])
  await command(['firmware', 'update', nbiot, '1.1.0', '--health-window', '2s', '--watch'], first, {
    telling: updateSteps,
  })
  await command(['read', nbiot, '/3/0/3'])

  heading('What became of it all')
  await command(['operations', nbiot])
}

interface Showing {
  /** Milliseconds after which it is interrupted, as a user would. */
  readonly enough?: number
  /** Lines of the device worth showing. */
  readonly telling?: RegExp
}

/** Runs one command and shows it as typed; then what `watched` made of it. */
async function command(args: readonly string[], watched?: Background, showing: Showing = {}): Promise<void> {
  if (interrupted) throw new StepFailed('interrupted')
  watched?.news()
  const { enough, telling } = showing
  const typed = args.map((arg) => (/[\s"]/.test(arg) ? JSON.stringify(arg) : arg)).join(' ')
  tell(`\n${paint('cyan', '$')} ${paint('bold', `coapstan ${typed}`)}`)
  const code = await stage.run(args, enough)
  if (interrupted) throw new StepFailed('interrupted')
  const stopped = enough !== undefined && code === interruptedExit
  if (code !== 0 && !stopped) throw new StepFailed(`'coapstan ${typed}' ended with ${code}`, watched?.news() ?? [])
  if (watched !== undefined) echo(watched, telling)
}

/** The last of what a process in the background said. */
function echo(background: Background, telling = /./): void {
  // Log records of the server are for machines.
  const news = background.news().filter((line) => telling.test(line) && !line.startsWith('{'))
  for (const line of news.slice(-shownLines)) {
    tell(paint('dim', `  ${background.name.padEnd(6)} │ ${line}`.slice(0, process.stdout.columns ?? 200)))
  }
}

function heading(title: string, more = ''): void {
  tell(`\n${paint('bold', `━━ ${title}`)}${more === '' ? '' : paint('dim', `  ${more}`)}`)
}

function whatNext(): string {
  const lines = [
    '',
    'Now with a server that stays:',
    '  npx coapstan serve                                       # or npm start',
    '  npx coapstan device --endpoint urn:dev:demo-1            # in a second terminal',
    '  npx coapstan observe urn:dev:demo-1 /3303/0/5700 --follow',
    '  npx coapstan device --endpoint urn:dev:demo-2 --personality nbiot --loss 0.1 --faulty-image',
    '  npx coapstan --help',
  ]
  return lines.join('\n')
}
