/** The generated pages: where each goes and what makes it. */
import { configPage } from './config-page.ts'
import { errorsPage } from './errors-page.ts'
import { specMapPage } from './spec-map-page.ts'

export const pages: Readonly<Record<string, () => string>> = {
  'docs/config.md': configPage,
  'docs/errors.md': errorsPage,
  'docs/spec-map.md': specMapPage,
}
