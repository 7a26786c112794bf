/** `coapstan firmware make-demo-image`: an image to try an update of a virtual device with. */
import type { Command } from 'commander'
import { does, type Frame } from '../command.ts'
import { countOf } from '../session.ts'
import { sizeText } from '../style.ts'

export function addMakeDemoImage(firmware: Command, frame: Frame): void {
  does<{ size?: string }>(
    firmware
      .command('make-demo-image')
      .argument('<version>', 'what the device will call itself: major.minor.revision')
      .argument('<file>', 'where to write it')
      .description('make an image that a virtual device can run')
      .option('--size <octets>', 'how large it is'),
    frame,
    ['coapstan firmware make-demo-image 1.1.0 ./app-1.1.0.bin'],
    async (session, [version, file], { size }) => {
      const { demoImageSize, writeDemoImage } = await import('../../device/firmware/demo-image.ts')
      const octets = size === undefined ? demoImageSize : countOf('--size', size, 1)
      writeDemoImage(file!, version!, octets)
      await session.output.done({ file, version, size: octets }, file!, `${file} is ${version}, ${sizeText(octets)}`)
    },
  )
}
