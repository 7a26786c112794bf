/**
 * Certificates that say what they are for, made with `openssl` once over the keys in `dtls-certificates.ts`, valid
 * from 2024 to 2124. They guard nothing.
 */
import type { Bytes } from '../../src/base/bytes.ts'
import type { OwnCertificate } from '../../src/dtls/options.ts'
import { nodeCrypto } from '../../src/server/crypto-node.ts'
import { deviceCertificate } from './dtls-certificates.ts'

const serverOnlyDer = [
  'MIIBjzCCATWgAwIBAgIBIDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD',
  'QgAEPHpPH+G5drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW1KNiMGAwCQYD',
  'VR0TBAIwADATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQUqB1hYgN4LX1srG1LwxizTHAZxc0wHwYDVR0jBBgwFoAUqhu6',
  '/lKbYIged6yrSeG50dmYJNwwCgYIKoZIzj0EAwIDSAAwRQIhAJ3i3fw23xgGwE7oTQ5XGdjyG+TJxTXW1CmnR1sVpA1uAiBLkKZ/',
  'IQucumHBRh5hBii83td7h5lOah6vfdF1ts/yMA==',
]

const agreementOnlyDer = [
  'MIIBizCCATCgAwIBAgIBITAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD',
  'QgAEPHpPH+G5drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW1KNdMFswCQYD',
  'VR0TBAIwADAOBgNVHQ8BAf8EBAMCAwgwHQYDVR0OBBYEFKgdYWIDeC19bKxtS8MYs0xwGcXNMB8GA1UdIwQYMBaAFKobuv5Sm2CI',
  'Hnesq0nhudHZmCTcMAoGCCqGSM49BAMCA0kAMEYCIQCevtWHP8plzB6N+PDurA9ONh15PpZnub1yv0HU3H3AJQIhAIrURh8w0dfI',
  'IjXWG0fCSTL6F/wZX3ABCAuMslQII6lE',
]

const oddNameDer = [
  'MIIBljCCATugAwIBAgIBIjAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowGTEXMBUGA1UEAwwObWV0ZXIsIG5vLiAiMiIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ8ek8f4bl2',
  'snzsdmiJE2gpfeqmvgcdvFRDY/+Pw5eOVc8tA8qDB6czzNLvoLh+iNhOSmI+F2FxgB2SvysjUBbUo3IwcDAJBgNVHRMEAjAAMA4G',
  'A1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDAjAdBgNVHQ4EFgQUqB1hYgN4LX1srG1LwxizTHAZxc0wHwYDVR0jBBgw',
  'FoAUqhu6/lKbYIged6yrSeG50dmYJNwwCgYIKoZIzj0EAwIDSQAwRgIhAJ8ggijOfuIt6LVU2tdV++eBvj9YAr4ic+ANDZ5999b4',
  'AiEAiG7+xlAIqenhMyyIaYBdzz6KQCpNVXVonkgavq3jRtE=',
]

const limitedDer = [
  'MIIBfjCCASWgAwIBAgIBIzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHTGltaXRlZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLeWa0z/mA7OdxaeKxVj',
  'WUQhIdJ2sPnSMKw5w6qVue8qe/lzBRqQQpqNb9oiTHyjf1REzN4XflD48yzt/NqQZoyjYzBhMBIGA1UdEwEB/wQIMAYBAf8CAQAw',
  'CwYDVR0PBAQDAgIEMB0GA1UdDgQWBBRJ3oIs/1E85j2V8elbSex55QApsDAfBgNVHSMEGDAWgBSqG7r+UptgiB53rKtJ4bnR2Zgk',
  '3DAKBggqhkjOPQQDAgNHADBEAiAchLwoWYd5DM6oUChy9M8bdyIoGsQU17qxyWm/n9PsmgIgM6wD49Td9yd3g7mhfxc31/+D8zwv',
  'BM8dgJb88oIAwQI=',
]

const belowDer = [
  'MIIBZjCCAQygAwIBAgIBJDAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdMaW1pdGVkMCAXDTI0MDEwMTAwMDAwMFoYDzIxMjQwMTAx',
  'MDAwMDAwWjAQMQ4wDAYDVQQDDAVCZWxvdzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK4jlPh5X7jwbHHBgF5TRJH11G5H4e9I',
  'V0YFQKJHXXLIOeIsr/VlofqQtWX7doK4wp6Jw6nAs9GYDlVD6ZgUuXGjUzBRMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFBA5',
  'LgcPDpLlcde74kXiS1/Z5CJIMB8GA1UdIwQYMBaAFEnegiz/UTzmPZXx6VtJ7HnlACmwMAoGCCqGSM49BAMCA0gAMEUCIG0JClDV',
  'zEVNGmkmimIwyIHZHcxzWXqDN+TxbqODxKQFAiEAhMzqg5JH7NM8jEWzeAyH9ojLiz8YG+Y1UEVZRlp1J0A=',
]

const leafOfLimitedDer = [
  'MIIBcjCCARmgAwIBAgIBJTAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAdMaW1pdGVkMCAXDTI0MDEwMTAwMDAwMFoYDzIxMjQwMTAx',
  'MDAwMDAwWjAjMSEwHwYDVQQDDBh1cm46aW1laTozNTAwMDAwMDAwMDAwMDIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ8ek8f',
  '4bl2snzsdmiJE2gpfeqmvgcdvFRDY/+Pw5eOVc8tA8qDB6czzNLvoLh+iNhOSmI+F2FxgB2SvysjUBbUo00wSzAJBgNVHRMEAjAA',
  'MB0GA1UdDgQWBBSoHWFiA3gtfWysbUvDGLNMcBnFzTAfBgNVHSMEGDAWgBRJ3oIs/1E85j2V8elbSex55QApsDAKBggqhkjOPQQD',
  'AgNHADBEAiBafrpQ0XS0XBHK8c6MDupwRbLv7O56ycPeKCNi1aj/hQIgSEVSKB0U2/dvqyVz7a4BQ64hJCUiPcOPxZ1GeZMW/aU=',
]

const leafOfBelowDer = [
  'MIIBcjCCARegAwIBAgIBJjAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVCZWxvdzAgFw0yNDAxMDEwMDAwMDBaGA8yMTI0MDEwMTAw',
  'MDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPHpPH+G5',
  'drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW1KNNMEswCQYDVR0TBAIwADAd',
  'BgNVHQ4EFgQUqB1hYgN4LX1srG1LwxizTHAZxc0wHwYDVR0jBBgwFoAUEDkuBw8OkuVx17viReJLX9nkIkgwCgYIKoZIzj0EAwID',
  'SQAwRgIhAOfBY9g8O3BtWOZJOPFtyUMx+IK36G1a5XqmnZmH2LCRAiEA5hCQ5JMIIZojnC4ESRD4G1ZnH/JhTG6Lw0HAmszZXmg=',
]

const strangeDer = [
  'MIIBsjCCAVigAwIBAgIBJzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD',
  'QgAEPHpPH+G5drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW1KOBhDCBgTAM',
  'BgNVHRMBAf8EAjAAMB0GA1UdEQEB/wQTMBGCD21ldGVyLTIuZXhhbXBsZTASBgkrBgEEAYH9WQEBAf8EAgUAMB0GA1UdDgQWBBSo',
  'HWFiA3gtfWysbUvDGLNMcBnFzTAfBgNVHSMEGDAWgBSqG7r+UptgiB53rKtJ4bnR2Zgk3DAKBggqhkjOPQQDAgNIADBFAiEAnHcu',
  '+7mqKvpo4W8bG88MphOqpFCsweQPB6w26vsdgRoCIDGM1giWRXvynQmxZp4Bfj4MqhVv0Wm8qbde9LOyvZh3',
]

const namedDer = [
  'MIIBiTCCAS+gAwIBAgIBKDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowEDEOMAwGA1UEAwwFTmFtZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS3lmtM/5gOzncWnisVY1lE',
  'ISHSdrD50jCsOcOqlbnvKnv5cwUakEKajW/aIkx8o39URMzeF35Q+PMs7fzakGaMo28wbTAPBgNVHRMBAf8EBTADAQH/MBoGA1Ud',
  'HgEB/wQQMA6gDDAKggguZXhhbXBsZTAdBgNVHQ4EFgQUSd6CLP9RPOY9lfHpW0nseeUAKbAwHwYDVR0jBBgwFoAUqhu6/lKbYIge',
  'd6yrSeG50dmYJNwwCgYIKoZIzj0EAwIDSAAwRQIgONzVecMB+c/9uoAeylq4UoPX7nh1M+ztNlvulkG+lcYCIQCgbwUOwwpuq7Uj',
  'RmLloYcjo/tLQxSkSUDMa2H0Q/5oUg==',
]

const leafOfNamedDer = [
  'MIIB0zCCAXigAwIBAgIBKTAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVOYW1lZDAgFw0yNDAxMDEwMDAwMDBaGA8yMTI0MDEwMTAw',
  'MDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPHpPH+G5',
  'drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW1KOBrTCBqjAMBgNVHRMBAf8E',
  'AjAAMB0GA1UdEQEB/wQTMBGCD21ldGVyLTIuZXhhbXBsZTAWBgNVHSUBAf8EDDAKBggrBgEFBQcDAjAOBgNVHQ8BAf8EBAMCB4Aw',
  'EwYDVR0gAQH/BAkwBzAFBgMqAwQwHQYDVR0OBBYEFKgdYWIDeC19bKxtS8MYs0xwGcXNMB8GA1UdIwQYMBaAFEnegiz/UTzmPZXx',
  '6VtJ7HnlACmwMAoGCCqGSM49BAMCA0kAMEYCIQCUfFcYHRpRyYi/aS515i1Cwfw3L7GcI6pZmKrtwccUYgIhAN7lYaWcg/xEzltu',
  'LisTMkclXqXKDtRocXUOrKpLBX3S',
]

const strictDer = [
  'MIIB2zCCAYGgAwIBAgIBKjAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBaGA8y',
  'MTI0MDEwMTAwMDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD',
  'QgAEPHpPH+G5drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW1KOBrTCBqjAM',
  'BgNVHRMBAf8EAjAAMB0GA1UdEQEB/wQTMBGCD21ldGVyLTIuZXhhbXBsZTAWBgNVHSUBAf8EDDAKBggrBgEFBQcDAjAOBgNVHQ8B',
  'Af8EBAMCB4AwEwYDVR0gAQH/BAkwBzAFBgMqAwQwHQYDVR0OBBYEFKgdYWIDeC19bKxtS8MYs0xwGcXNMB8GA1UdIwQYMBaAFKob',
  'uv5Sm2CIHnesq0nhudHZmCTcMAoGCCqGSM49BAMCA0gAMEUCIB24KpMh6I7N4TDXMDZ3Jowl8JvEzTU52CuNMfDRNS5CAiEAsmLZ',
  'vu4gIV2IYKCAcyHLaISDV3WD2u3c0tu4No3YbaA=',
]

const rsaAuthorityDer = [
  'MIIC3zCCAcegAwIBAgIBKzANBgkqhkiG9w0BAQsFADAYMRYwFAYDVQQDDA1SU0EgQXV0aG9yaXR5MCAXDTI0MDEwMTAwMDAwMFoY',
  'DzIxMjQwMTAxMDAwMDAwWjAYMRYwFAYDVQQDDA1SU0EgQXV0aG9yaXR5MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA',
  '4wtd8rZnVhWHO9AwP8VyVHPaS7uwOfpq7EauMp6Tn4C0RHQXRCpzfE1j7Ky32AQr3TMGtotYflESi455b61iPJVCCeddRT360Q+B',
  'letupnvVjLFrpMyNNJraDyF2EtMSTNA9CmF6H7/Qhf1OiJ1BWnBXMZmYgESubDXMaHz2zuw4VU+tQ6S+qzzZYdqGYyg05BoCfGfX',
  '7VSdHIBkWcLGW0Mj3OLyVHj/YNRu1FnPT/rVAhdCptXI6QztCoy/JsOQMB8NeUPFO0rkZC0jDcAzxGFnVfESW83Ux2LU74DIn/0D',
  'KUYyUds1TmNdv/UqgqksQHwOW7QZGVTErX0PR+6sFQIDAQABozIwMDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTgozCmxnl1',
  '7Ak/owH8hcgA8IcyXjANBgkqhkiG9w0BAQsFAAOCAQEAZSl7CnvmSpGQiyldcCCPSI0CpiR8ajDbUM3VBbH1y+QvpbORtWePyYlL',
  'Wg/ST7zR2g4AfUWUEP8EnsS5PRFYKzwkfWebYxYC1lxhPgclGhyJWi23Q/M/BjsMSf9zOD5tm4BlxyUn3IJ0zsljvroqAVsXBnXS',
  '+KHQEsHIGYPlS9waR/5wMCgYo0oYd0zno8ClZp+DzpyvMrmjjz8+GxeDFonnMtH7hCU9vkWfkA8OqkAH/SqrEIuZUQfjmdjq50vR',
  'qX2yk0KL/ulhuXrzY5h3JRJqtZ9tdgRVWdrSgKErkrnFZFVwjLZBCGKYSBw+syqALR9zGZK4DmU9WaJYqJtrCw==',
]

const leafOfRsaDer = [
  'MIICOjCCASKgAwIBAgIBLDANBgkqhkiG9w0BAQsFADAYMRYwFAYDVQQDDA1SU0EgQXV0aG9yaXR5MCAXDTI0MDEwMTAwMDAwMFoY',
  'DzIxMjQwMTAxMDAwMDAwWjAjMSEwHwYDVQQDDBh1cm46aW1laTozNTAwMDAwMDAwMDAwMDIwWTATBgcqhkjOPQIBBggqhkjOPQMB',
  'BwNCAAQ8ek8f4bl2snzsdmiJE2gpfeqmvgcdvFRDY/+Pw5eOVc8tA8qDB6czzNLvoLh+iNhOSmI+F2FxgB2SvysjUBbUo00wSzAJ',
  'BgNVHRMEAjAAMB0GA1UdDgQWBBSoHWFiA3gtfWysbUvDGLNMcBnFzTAfBgNVHSMEGDAWgBTgozCmxnl17Ak/owH8hcgA8IcyXjAN',
  'BgkqhkiG9w0BAQsFAAOCAQEAID7a+gN18bbGWiMVxYS9SEDlGRQ/n0RVrEkP+uzdNdllTaCdVrtHstxuSthDFX8HrW7GYcY1WE92',
  'e3HqQWWDBy1mbqa3lX7mD/qhtaNouOFwzCAgw7p5ulVVEqBGo+7pZo8MPMhDXu8Y5URX8rNOZKXfBXydl94b4ybaM5QcH1S2vC0x',
  '4m7C+L5Pc/jNqzgmNa/drqtbHvpRIfFU6ChB5BD6cIRPGAtWLHLJYD6Hy7CEl2Nfw3iB/K7qGlxagsrCiA1JGb0M2YkBPN3Y4DPn',
  'WDBCT4cEGyxmJ2GhzYmI6DC5wtNZZtFQJLRqXYUL3VlHp9cFJOIJmjJvrg7fQ6ksog==',
]

const derOf = (lines: readonly string[]): Bytes => new Uint8Array(Buffer.from(lines.join(''), 'base64'))

const own = (...chain: readonly (readonly string[])[]): OwnCertificate => ({
  ...deviceCertificate,
  chain: chain.map(derOf),
})

/** An authority with an RSA key. */
export const rsaAuthority = nodeCrypto().certificate(derOf(rsaAuthorityDer))!
/** Signed by it. */
export const leafOfRsaCertificate = own(leafOfRsaDer)
/** extendedKeyUsage serverAuth. */
export const serverOnlyCertificate = own(serverOnlyDer)
/** keyUsage keyAgreement. */
export const agreementOnlyCertificate = own(agreementOnlyDer)
/** For clients, and its common name has what X.500 escapes: `meter, no. "2"`. */
export const oddNameCertificate = own(oddNameDer)
/** Signed by an authority below which there may be none. */
export const leafOfLimitedCertificate = own(leafOfLimitedDer, limitedDer)
/** Signed by one below it. */
export const leafOfBelowCertificate = own(leafOfBelowDer, belowDer, limitedDer)
/** With a critical extension of no meaning to anybody. */
export const strangeCertificate = own(strangeDer)
/** Signed by an authority for some names only (critical nameConstraints). */
export const leafOfNamedCertificate = own(leafOfNamedDer, namedDer)
/** Every extension there is in certificates of devices, all critical. */
export const strictCertificate = own(strictDer)
