/**
 * Certificates that say what they are for, made with `openssl` once over the keys in `dtls-certificates.ts`, valid
 * from 2024 to 2124. They guard nothing.
 */
import type { Bytes } from '../../src/base/bytes.ts'
import type { OwnCertificate } from '../../src/dtls/options.ts'
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

const derOf = (lines: readonly string[]): Bytes => new Uint8Array(Buffer.from(lines.join(''), 'base64'))

const own = (...chain: readonly (readonly string[])[]): OwnCertificate => ({
  ...deviceCertificate,
  chain: chain.map(derOf),
})

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
