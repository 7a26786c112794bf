/** Completion scripts made from the command tree, so that they cannot fall behind it. */
import type { Command, Option } from 'commander'
import { flagOf, knobNames, tunables } from '../config/tunables.ts'
import { usualCommandOf } from './command.ts'
import { valuesOf, type Shell, type Values } from './completion-values.ts'

/** A command as a shell sees it. */
interface Node {
  /** `devices show`; empty for the program itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly Flag[]
  /** What each argument may be; the last may come again. */
  readonly places: readonly (Values | undefined)[]
}

interface Flag {
  readonly flag: string
  readonly short?: string
  readonly description: string
  readonly takesValue: boolean
  readonly values?: Values
}

export function completionScript(shell: Shell, root: Command): string {
  const nodes = nodesOf(root, root, '')
  switch (shell) {
    case 'bash':
      return bashScript(nodes)
    case 'zsh':
      return zshScript(nodes)
    case 'fish':
      return fishScript(nodes)
  }
}

function nodesOf(root: Command, command: Command, path: string): Node[] {
  const usual = usualCommandOf(command)
  const usualPath = usual === undefined ? path : `${path} ${usual.name()}`
  const options = [
    ...command.options.map((option) => flagFrom(option, path)),
    ...(usual?.options ?? []).map((option) => flagFrom(option, usualPath)),
    ...(command === root ? [] : root.options.map((option) => flagFrom(option, ''))),
    ...(startsServer.includes(path) ? knobNames.map(knobFlag) : []),
  ]
  const places = (usual ?? command).registeredArguments
  const last = places.at(-1)?.variadic === true ? [] : [undefined]
  const node: Node = {
    path,
    commands: command.commands.map((inner) => ({ name: inner.name(), description: inner.description() })),
    options: [...options, { flag: '--help', description: 'display help for command', takesValue: false }],
    places: [...places.map((place) => valuesOf(usualPath, place.name())), ...last],
  }
  return [node, ...command.commands.flatMap((inner) => nodesOf(root, inner, `${path} ${inner.name()}`.trim()))]
}

/** Commands that take every knob as a flag; the launcher starts them, so the tree does not have these. */
const startsServer = ['serve', 'doctor']

function flagFrom(option: Option, path: string): Flag {
  const name = /[<[](\w+)/.exec(option.flags)?.[1] ?? ''
  const flag = option.long ?? ''
  const values = option.argChoices === undefined ? valuesOf(path, name, flag) : { words: option.argChoices }
  return {
    flag,
    ...(option.short !== undefined && { short: option.short }),
    description: option.description,
    takesValue: option.required,
    ...(values !== undefined && option.required && { values }),
  }
}

function knobFlag(name: (typeof knobNames)[number]): Flag {
  const knob = tunables[name]
  return {
    flag: flagOf(name),
    description: knob.consequence,
    takesValue: true,
    ...('choices' in knob && { values: { words: knob.choices } }),
  }
}

/** Flags after which a word is their value, whatever the command; one that is a mere switch elsewhere is not among them. */
function valued(nodes: readonly Node[]): string[] {
  const all = nodes.flatMap(({ options }) => options)
  const switches = new Set(all.filter(({ takesValue }) => !takesValue).map(({ flag }) => flag))
  const taking = all.filter(({ flag, takesValue }) => takesValue && !switches.has(flag))
  return [...new Set(taking.flatMap(({ flag, short }) => (short === undefined ? [flag] : [flag, short])))]
}

function offered(values: Values | undefined): string {
  if (values === undefined) return ''
  return 'ask' in values ? `$(${values.ask})` : values.words.join(' ')
}

/** `"devices|--status") offers="…" ;;`, the options whose values are not known offering nothing: files are left. */
function valueCases(nodes: readonly Node[]): string {
  const rows = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ flag, short, values }) =>
      values === undefined
        ? []
        : [
            `    ${[flag, ...(short === undefined ? [] : [short])].map((one) => `"${path}|${one}"`).join('|')}) offers="${offered(values)}" ;;`,
          ],
    ),
  )
  return rows.join('\n')
}

/** Options where one is begun, else the commands below it and what its next argument may be. */
function wordCases(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      const asked = node.places.flatMap((values, at) => {
        if (values === undefined) return []
        const place = at === node.places.length - 1 ? `$at -ge ${at}` : `$at -eq ${at}`
        return [` [[ ${place} ]] && offers+=" ${offered(values)}"`]
      })
      const flags = node.options.map(({ flag }) => flag).join(' ')
      const commands = node.commands.map(({ name }) => name).join(' ')
      return `    "${node.path}") if [[ $cur == -* ]]; then offers="${flags}"; else offers="${commands}";${asked.map((one) => `${one};`).join('')} fi ;;`
    })
    .join('\n')
}

/**
 * Walks the words before the cursor down the tree, the same in bash and zsh: `node` is the command they name, `at` how
 * many arguments it has got, `prev` the word before, `offers` what may come. `path` is no name for a variable in zsh.
 */
function walked(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`)
  return `  for word in "\${before[@]}"; do
    prev="$word"
    if [[ -n $skip ]]; then skip=""; prev=""; continue; fi
    case "$word" in
      ${valued(nodes).join('|')}) skip=1; continue ;;
      -*) continue ;;
    esac
    case "\${node:+$node }$word" in
      ${known.join('|')}) node="\${node:+$node }$word"; at=0 ;;
      *) at=$((at + 1)) ;;
    esac
  done
  case "$node|$prev" in
${valueCases(nodes)}
    *) [[ -n $skip ]] || case "$node" in
${wordCases(nodes)}
    esac ;;
  esac`
}

function bashScript(nodes: readonly Node[]): string {
  return `# coapstan completion for bash
_coapstan() {
  local line="\${COMP_LINE:0:COMP_POINT}" cur="" prev="" node="" word offers="" skip="" at=0
  local -a before
  # From the line itself: endpoint names hold colons, at which bash would break them.
  read -ra before <<< "$line"
  if [[ $line != *[[:space:]] ]]; then
    cur="\${before[\${#before[@]} - 1]}"
    unset "before[\${#before[@]} - 1]"
  fi
  before=("\${before[@]:1}")
${walked(nodes)}
  COMPREPLY=($(compgen -W "$offers" -- "$cur"))
  # What stands before the last colon is a word to bash, and stays.
  [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*:}"}"}")
  return 0
}
complete -o default -F _coapstan coapstan
`
}

function zshScript(nodes: readonly Node[]): string {
  return `#compdef coapstan
# coapstan completion for zsh
_coapstan() {
  local cur="\${words[CURRENT]}" prev="" node="" word offers="" skip="" at=0
  local -a before
  before=("\${(@)words[2,CURRENT-1]}")
${walked(nodes)}
  if [[ -n $offers ]]; then compadd -- \${=offers}; else _files; fi
}
compdef _coapstan coapstan
`
}

function fishScript(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)
  const lines = nodes.flatMap((node) => {
    const at = `complete -c coapstan -n '__coapstan_at "${node.path}"'`
    return [
      ...node.commands.map(({ name, description }) => `${at} -f -a ${name} -d ${quoted(description)}`),
      ...node.options
        .filter(({ flag }) => flag.startsWith('--'))
        .map(
          ({ flag, short, description, takesValue, values }) =>
            `${at} -l ${flag.slice(2)}${short === undefined ? '' : ` -s ${short.slice(1)}`}${fishValues(values, takesValue)} -d ${quoted(description)}`,
        ),
      ...node.places.flatMap((values, place) => {
        if (values === undefined) return []
        const more = place === node.places.length - 1 ? ' more' : ''
        return [`complete -c coapstan -n '__coapstan_at "${node.path}" ${place}${more}' -f -a ${fishOffer(values)}`]
      }),
    ]
  })
  return `# coapstan completion for fish
function __coapstan_at
  set -l node ''
  set -l at 0
  set -l skip ''
  for word in (commandline -opc)[2..-1]
    if test -n "$skip"
      set skip ''
      continue
    end
    if contains -- $word ${valued(nodes).join(' ')}
      set skip 1
      continue
    end
    if string match -q -- '-*' $word
      continue
    end
    set -l deeper (string trim "$node $word")
    if contains -- $deeper ${known.join(' ')}
      set node $deeper
      set at 0
    else
      set at (math $at + 1)
    end
  end
  test "$node" = "$argv[1]"; or return 1
  test -n "$argv[2]"; or return 0
  test $at -eq "$argv[2]"; or test -n "$argv[3]" -a $at -ge "$argv[2]"
end
${lines.join('\n')}
`
}

function fishValues(values: Values | undefined, takesValue: boolean): string {
  if (!takesValue) return ''
  return values === undefined ? ' -r' : ` -x -a ${fishOffer(values)}`
}

function fishOffer(values: Values): string {
  return quoted('ask' in values ? `(${values.ask})` : values.words.join(' '))
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
