/** `coapstan objects`: what the server knows of objects and their resources. */
import type { ObjectSummaryJson, ResourceDefinitionJson } from '../../api/contract/object.ts'
import { does, withExamples, type AddCommand } from '../command.ts'
import { countOf } from '../session.ts'
import type { Column } from '../table.ts'

export const addObjects: AddCommand = (parent, frame) => {
  const objects = withExamples(
    parent.command('objects').description('list object definitions; show the resources of one'),
    ['coapstan objects', 'coapstan objects show 3'],
  )
  does(
    objects.command('list', { isDefault: true }).description('list object definitions'),
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
      .argument('<id>', 'its number')
      .description('show the resources of an object')
      .option('--object-version <version>', 'of this version; the newest unless told'),
    frame,
    ['coapstan objects show 3', 'coapstan objects show 3 --object-version 1.0'],
    async ({ client, output, note }, [id], { objectVersion }) => {
      const query = objectVersion === undefined ? {} : { version: objectVersion }
      const object = await client.call('readObject', { params: { id: countOf('object', id!) }, query })
      if (output.isForPeople) note(`${object.name} (${object.id}), version ${object.version}: ${object.description}`)
      await output.list({
        rows: object.resources,
        columns: resourceColumns,
        name: (resource) => String(resource.id),
        empty: 'it has no resources',
        whole: object,
      })
    },
  )
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
