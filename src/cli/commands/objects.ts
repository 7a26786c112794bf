/** `coapstan objects`: what the server knows of objects and their resources. */
import type { FlawJson, ObjectSummaryJson, ResourceDefinitionJson } from '../../api/contract/object.ts'
import { does, usualCommand, withExamples, type AddCommand } from '../command.ts'
import type { Client } from '../client.ts'
import { usageFailure } from '../failure.ts'
import { countOf, type Session } from '../session.ts'
import { counted, printable } from '../style.ts'
import type { Column } from '../table.ts'

export const addObjects: AddCommand = (parent, frame) => {
  const objects = withExamples(
    parent.command('objects').description('list object definitions; show, check or reload them'),
    ['coapstan objects', 'coapstan objects show 3', 'coapstan objects validate ./objects/33000.xml'],
  )
  does(
    usualCommand(objects, 'list').description('list object definitions'),
    frame,
    ['coapstan objects list -o csv'],
    async ({ client, output }) => {
      const { objects: rows } = await client.call('listObjects', {})
      await output.list({
        rows,
        columns: summaryColumns,
        name: ({ id }) => String(id),
        empty: 'the server knows no object definitions',
      })
    },
  )
  does<{ objectVersion?: string }>(
    objects
      .command('show')
      .argument('<object>', 'its number or name')
      .description('show the resources of an object')
      .option('--object-version <version>', 'of this version; the newest unless told'),
    frame,
    ['coapstan objects show 3', 'coapstan objects show Device --object-version 1.0'],
    async ({ client, output, note }, [object], { objectVersion }) => {
      const query = objectVersion === undefined ? {} : { version: objectVersion }
      const id = /^\d/.test(object!) ? countOf('object', object!) : await idOf(client, object!)
      const shown = await client.call('readObject', { params: { id }, query })
      if (output.isForPeople) note(`${shown.name} (${shown.id}), version ${shown.version}: ${shown.description}`)
      await output.list({
        rows: shown.resources,
        columns: resourceColumns,
        name: (resource) => String(resource.id),
        empty: 'it has no resources',
        whole: shown,
      })
    },
  )
  does(
    objects
      .command('validate')
      .argument('<files...>', 'definition files (OMA DDF XML)')
      .description('check definition files, with the line of each error; nothing is kept'),
    frame,
    ['coapstan objects validate ./objects/33000.xml', 'coapstan objects validate ./objects/*.xml'],
    validate,
  )
  does(
    objects
      .command('reload')
      .description('read the definitions again, those of --objects-directory too; an unsound file changes nothing'),
    frame,
    ['coapstan objects reload'],
    async ({ client, output, note }) => {
      const { objects: count, files } = await client.call('reloadObjects', {})
      const own = files.length === 0 ? '' : `, ${counted(files.length, 'file')} of your own`
      await output.done(
        { objects: count, files },
        String(count),
        `definitions are read again: ${counted(count, 'object')}${own}`,
      )
      for (const { file, problems } of files) for (const problem of problems) note(flawLine(file, problem))
    },
  )
}

/** The number of the object of that name, in whatever case. */
async function idOf(client: Client, name: string): Promise<number> {
  const { objects } = await client.call('listObjects', {})
  const found = objects.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (found === undefined) throw usageFailure(`there is no object '${name}'`, "'coapstan objects' lists them")
  return found.id
}

interface Checked {
  readonly file: string
  readonly objects: readonly { readonly id: number; readonly name: string; readonly version: string }[]
  readonly problems: readonly FlawJson[]
}

/** One row a file; 1 where one has an error. */
async function validate(session: Session, files: readonly (string | undefined)[]): Promise<number> {
  const { client, output, surroundings, note } = session
  const rows: Checked[] = []
  // Of an argument that takes several, commander makes one list.
  for (const file of files.flat().filter((name) => name !== undefined)) {
    const source = surroundings.openFile(file)
    if (source === undefined) throw usageFailure(`there is no file ${file}`)
    const octets = { size: source.size, stream: source.stream() }
    rows.push({ file, ...(await client.call('validateObjects', { octets })) })
  }
  await output.list({ rows, columns: checkedColumns, name: ({ file }) => file, empty: '' })
  if (output.isForPeople) {
    for (const { file, problems } of rows) for (const problem of problems) note(flawLine(file, problem))
  }
  return rows.some(({ problems }) => problems.some(({ severity }) => severity === 'error')) ? 1 : 0
}

/** `33000.xml:42: error: object 33000 resource 7: Type 'Int' is no LwM2M type`. */
function flawLine(file: string, { severity, where, line, message }: FlawJson): string {
  return printable(`${file}${line === undefined ? '' : `:${line}`}: ${severity}: ${where}: ${message}`)
}

const checkedColumns: readonly Column<Checked>[] = [
  { title: 'FILE', text: ({ file }) => file, flexible: true },
  {
    title: 'DEFINES',
    text: ({ objects }) => objects.map(({ id, name, version }) => `${id} ${name} ${version}`).join(', '),
    flexible: true,
  },
  { title: 'ERRORS', text: ({ problems }) => countText(problems, 'error'), align: 'right' },
  { title: 'WARNINGS', text: ({ problems }) => countText(problems, 'warning'), align: 'right' },
]

function countText(problems: readonly FlawJson[], severity: FlawJson['severity']): string {
  return String(problems.filter((problem) => problem.severity === severity).length)
}

const summaryColumns: readonly Column<ObjectSummaryJson>[] = [
  { title: 'ID', text: ({ id }) => String(id), align: 'right' },
  { title: 'NAME', text: ({ name }) => name, flexible: true },
  { title: 'VERSIONS', text: ({ versions }) => versions.join(' ') },
]

const resourceColumns: readonly Column<ResourceDefinitionJson>[] = [
  { title: 'ID', text: ({ id }) => String(id), align: 'right' },
  { title: 'NAME', text: ({ name }) => name, flexible: true },
  { title: 'CAN', text: ({ operations }) => operations },
  { title: 'TYPE', text: ({ type, multiple }) => (type === 'none' ? '' : multiple ? `${type}[]` : type) },
  { title: 'RANGE', text: ({ range }) => range, flexible: true },
  { title: 'UNIT', text: ({ unit }) => unit },
  { title: 'NEEDED', text: ({ mandatory }) => (mandatory ? 'yes' : '') },
  { title: 'WHAT IT IS', text: ({ description }) => description, flexible: true },
]
