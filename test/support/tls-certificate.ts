/** A self-signed certificate for 127.0.0.1, made afresh. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Certificate and private key in PEM. */
export function tlsCertificate(): { readonly cert: string; readonly key: string } {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-tls-'))
  const [certificate, privateKey] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', [...request, ...subject, '-keyout', privateKey, '-out', certificate], { stdio: 'ignore' })
  const pair = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(privateKey, 'utf8') }
  rmSync(directory, { recursive: true })
  return pair
}
