/** Support: the add-on for the tests that are about nothing else; undefined on a machine without a C compiler. */
import { nativeAddon, type NativeAddon } from '../../../src/server/native-addon.ts'

const found = nativeAddon()
export const addon: NativeAddon | undefined = 'addon' in found ? found.addon : undefined
