/** Completion scripts made from the command tree, so that they cannot fall behind it. */
import type { Command } from 'commander'
import { usualCommandOf } from './command.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A command as a shell sees it. */
interface Node {
  /** `devices show`; empty for the program itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly { readonly flag: string; readonly description: string }[]
  readonly takesEndpoint: boolean
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
  const options = [...command.options, ...(usual?.options ?? []), ...(command === root ? [] : root.options)]
  const node: Node = {
    path,
    commands: command.commands.map((inner) => ({ name: inner.name(), description: inner.description() })),
    options: [
      ...options.map((option) => ({ flag: option.long ?? option.short ?? '', description: option.description })),
      { flag: '--help', description: 'display help for command' },
    ],
    takesEndpoint: (usual ?? command).registeredArguments[0]?.name() === 'endpoint',
  }
  return [node, ...command.commands.flatMap((inner) => nodesOf(root, inner, `${path} ${inner.name()}`.trim()))]
}

const endpoints = 'coapstan devices -o name 2>/dev/null'

function wordsOf(node: Node): string {
  return [...node.commands.map(({ name }) => name), ...node.options.map(({ flag }) => flag)].join(' ')
}

/** Walks the words before the cursor down the tree; the same in bash and zsh. */
function walk(nodes: readonly Node[]): string {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`)
  return `    case "\${path:+$path }$word" in
      ${known.join('|')}) path="\${path:+$path }$word" ;;
    esac`
}

function cases(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      const ask = node.takesEndpoint ? `; [[ $cur != -* ]] && words+=" $(${endpoints})"` : ''
      return `    "${node.path}") words="${wordsOf(node)}"${ask} ;;`
    })
    .join('\n')
}

function bashScript(nodes: readonly Node[]): string {
  return `# coapstan completion for bash
_coapstan() {
  local cur path="" word words="" i
  cur="\${COMP_WORDS[COMP_CWORD]}"
  # Endpoint names hold colons, at which bash would break them.
  type _get_comp_words_by_ref >/dev/null 2>&1 && _get_comp_words_by_ref -n : cur
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
${walk(nodes)}
  done
  case "$path" in
${cases(nodes)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  type __ltrim_colon_completions >/dev/null 2>&1 && __ltrim_colon_completions "$cur"
  return 0
}
complete -o default -F _coapstan coapstan
`
}

function zshScript(nodes: readonly Node[]): string {
  return `#compdef coapstan
# coapstan completion for zsh
_coapstan() {
  local cur="\${words[CURRENT]}" path="" word i
  local -a all
  all=("\${words[@]}")
  local words=""
  for ((i = 2; i < CURRENT; i++)); do
    word="\${all[i]}"
${walk(nodes)}
  done
  case "$path" in
${cases(nodes)}
  esac
  compadd -- \${=words}
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
        .map(({ flag, description }) => `${at} -l ${flag.slice(2)} -d ${quoted(description)}`),
      ...(node.takesEndpoint ? [`${at} -f -a '(${endpoints})'`] : []),
    ]
  })
  return `# coapstan completion for fish
function __coapstan_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l deeper (string trim "$path $word")
    contains -- $deeper ${known.join(' ')}; and set path $deeper
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
