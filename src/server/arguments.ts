/** `coapstan serve`: flags (one a knob), environment and configuration file into settings. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { parse as parseYaml } from 'yaml'
import { UsageError } from '../base/errors.ts'
import { loadSettings } from '../config/load.ts'
import {
  environmentNameOf,
  flagOf,
  knobNames,
  tunables,
  type Knob,
  type KnobName,
  type Settings,
} from '../config/tunables.ts'

interface Help {
  readonly name: string
  readonly description: string
  readonly examples: string
}

const serveHelp: Help = {
  name: 'coapstan serve',
  description: 'Runs the server: CoAP for devices, HTTP for operators, one data directory.',
  examples: 'coapstan serve --data-directory /var/lib/coapstan --coap-host 0.0.0.0 --http-port 8080',
}

/** Throws UsageError; prints help and ends the process where `--help` is asked for. */
export function settingsFromArguments(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  help = serveHelp,
): Settings {
  const command = new Command(help.name)
    .description(help.description)
    .option('-c, --config <file>', 'YAML file with settings, nested or by dotted name')
    .addHelpText('after', `\nExample:\n  ${help.examples}\n`)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  for (const name of knobNames) command.addOption(optionOf(name))
  try {
    command.parse([...argv], { from: 'user' })
  } catch (thrown) {
    const { code, exitCode, message } = thrown as { code?: string; exitCode?: number; message: string }
    if (code?.startsWith('commander.') !== true) throw thrown
    if (exitCode === 0) process.exit(0)
    throw new UsageError(
      'config.flag',
      message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\)$/, ': did you mean $1'),
      {
        hint: `'${help.name} --help' lists every flag`,
      },
    )
  }
  const given = command.opts<Record<string, string>>()
  const flags: Partial<Record<KnobName, string>> = {}
  for (const name of knobNames) {
    const value = given[camelCase(flagOf(name))]
    if (value !== undefined) flags[name] = value
  }
  return loadSettings({
    flags,
    environment,
    file: given['config'] === undefined ? undefined : fileContent(given['config']),
  })
}

function optionOf(name: KnobName): Option {
  const knob: Knob = tunables[name]
  const value = knob.kind === 'choice' ? `<${knob.choices.join('|')}>` : `<${knob.kind}>`
  const preset = knob.default === '' ? '' : ` Default ${knob.default}${knob.kind === 'duration' ? ' ms' : ''}.`
  return new Option(`${flagOf(name)} ${value}`, `${knob.consequence}${preset} [${environmentNameOf(name)}]`)
}

/** As commander names the value of a flag: `--coap-dedup-per-peer` → `coapDedupPerPeer`. */
function camelCase(flag: string): string {
  return flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function fileContent(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UsageError('config.file', `the configuration file ${file} cannot be read: ${(cause as Error).message}`)
  }
  try {
    return parseYaml(text) as unknown
  } catch (cause) {
    throw new UsageError('config.file', `the configuration file ${file} is no YAML: ${(cause as Error).message}`)
  }
}
