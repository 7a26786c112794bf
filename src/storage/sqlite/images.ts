/** What is known of firmware images in SQLite; their octets are in files. */
import { instantOf } from '../../base/time.ts'
import type { ImagesOp, ImagesStore } from '../../fleet/images/store.ts'
import type { Image, ImageDependency, ImageFormat, ImageSignature } from '../../fleet/images/types.ts'
import { columnOf, jsonOf, type Appliers } from './appliers.ts'
import type { Sqlite } from './connection.ts'

interface ImageRow {
  sha256: string
  key: string
  size: number
  version: string
  product: string
  notes: string | null
  added_at: number
  format: string
  from_versions: string | null
  hardware: string | null
  security_counter: number | null
  signature: string | null
  dependencies: string | null
}

export function imagesIn(database: Sqlite): { reads: ImagesStore; apply: Appliers<ImagesOp> } {
  return { reads: imageReads(database), apply: imageAppliers(database) }
}

function imageReads(database: Sqlite): ImagesStore {
  const one = database.prepare<[string], ImageRow>('SELECT * FROM image WHERE sha256 = +?')
  const byKey = database.prepare<[string], ImageRow>('SELECT * FROM image WHERE key = ?')
  const byVersion = database.prepare<[string, string | null], ImageRow>(
    'SELECT * FROM image WHERE version = ? AND product = coalesce(?, product) ORDER BY product, added_at DESC',
  )
  const list = database.prepare<[string | null], ImageRow>(
    'SELECT * FROM image WHERE product = coalesce(?, product) ORDER BY product, added_at DESC, key',
  )
  const imageOrNothing = (row: ImageRow | undefined) => (row === undefined ? undefined : imageOf(row))
  return {
    image: (sha256) => imageOrNothing(one.get(sha256)),
    imageByKey: (key) => imageOrNothing(byKey.get(key)),
    imageByVersion: (product, version) => byVersion.all(version, columnOf(product)).map(imageOf),
    images: (product) => list.all(columnOf(product)).map(imageOf),
  }
}

function imageAppliers(database: Sqlite): Appliers<ImagesOp> {
  const putImage = database.prepare(
    `INSERT INTO image (sha256, key, size, version, product, notes, added_at, format, from_versions, hardware,
       security_counter, signature, dependencies)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (sha256) DO UPDATE SET key = excluded.key, size = excluded.size, version = excluded.version,
       product = excluded.product, notes = excluded.notes, added_at = excluded.added_at, format = excluded.format,
       from_versions = excluded.from_versions, hardware = excluded.hardware,
       security_counter = excluded.security_counter, signature = excluded.signature,
       dependencies = excluded.dependencies`,
  )
  const deleteImage = database.prepare<[string]>('DELETE FROM image WHERE sha256 = +?')
  return {
    'image.put': ({ image: i }) => {
      putImage.run(
        i.sha256,
        i.key,
        i.size,
        i.version,
        i.product,
        columnOf(i.notes),
        i.addedAt,
        i.format,
        columnOf(i.fromVersions),
        jsonOf(i.hardware),
        columnOf(i.securityCounter),
        jsonOf(i.signature),
        jsonOf(i.dependencies),
      )
    },
    'image.delete': ({ sha256 }) => void deleteImage.run(sha256),
  }
}

function imageOf(row: ImageRow): Image {
  return {
    sha256: row.sha256,
    key: row.key,
    size: row.size,
    version: row.version,
    product: row.product,
    addedAt: instantOf(row.added_at),
    format: row.format as ImageFormat,
    ...(row.notes !== null && { notes: row.notes }),
    ...(row.from_versions !== null && { fromVersions: row.from_versions }),
    ...(row.hardware !== null && { hardware: JSON.parse(row.hardware) as readonly string[] }),
    ...(row.security_counter !== null && { securityCounter: row.security_counter }),
    ...(row.signature !== null && { signature: JSON.parse(row.signature) as ImageSignature }),
    ...(row.dependencies !== null && { dependencies: JSON.parse(row.dependencies) as readonly ImageDependency[] }),
  }
}
