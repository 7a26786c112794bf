/** `coapstan firmware make-demo-image` and `make-demo-delta`: what an update of a virtual device is tried with. */
import type { Command } from 'commander'
import { does, type Frame } from '../command.ts'
import { countOf } from '../session.ts'
import { sizeText } from '../style.ts'

export function addDemoCommands(firmware: Command, frame: Frame): void {
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
  does(
    firmware
      .command('make-demo-delta')
      .argument('<from>', 'the file of the image the device runs')
      .argument('<to>', 'the file of the image it shall run')
      .argument('<file>', 'where to write it')
      .description('make a delta that a virtual device can apply'),
    frame,
    [
      'coapstan firmware make-demo-delta ./app-1.0.0.bin ./app-1.1.0.bin ./1.0-1.1.delta',
      "COAPSTAN_FIRMWARE_DELTA_COMMAND='coapstan firmware make-demo-delta {from} {to} {out}' coapstan serve",
    ],
    async ({ output }, [from, to, file]) => {
      const { writeDemoDelta } = await import('../../device/firmware/demo-delta.ts')
      const size = writeDemoDelta(from!, to!, file!)
      await output.done({ file, size }, file!, `${file} makes ${to} out of ${from}, ${sizeText(size)}`)
    },
  )
}
