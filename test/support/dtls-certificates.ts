/**
 * Certificates for tests, made with `openssl` once and valid from 2024 to 2124: an authority, a server, a
 * device it signed, a device somebody else signed, and an expired one. They guard nothing.
 */
import { nodeCrypto, signingKeyOf } from '../../src/server/crypto-node.ts'
import type { Certificate } from '../../src/dtls/crypto.ts'
import type { OwnCertificate } from '../../src/dtls/options.ts'
import type { Bytes } from '../../src/base/bytes.ts'

const authorityFiles = {
  certificate: [
    'MIIBVDCB+6ADAgECAgEGMAoGCCqGSM49BAMCMBkxFzAVBgNVBAMMDlRlc3QgQXV0aG9yaXR5MCAXDTI0MDEwMTAwMDAwMFoY',
    'DzIxMjQwMTAxMDAwMDAwWjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCA6',
    'A7LNta4jVjK0MYcWrNy3OVSSWqukhpJKqf4dvLnA7ekqUT2xiTPaAH9ktPNvqzDwjZZCiDwBSsCOUpwxPvmjMjAwMA8GA1Ud',
    'EwEB/wQFMAMBAf8wHQYDVR0OBBYEFKobuv5Sm2CIHnesq0nhudHZmCTcMAoGCCqGSM49BAMCA0gAMEUCIQCaypIGZctDtrGI',
    'fil0Rgy0kOcEm06xR/7IfUk5TUjczQIgDiLU1Y+rQeG8LWWogQW8/kQcM3/gCUTPNkl5f1scFn8=',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgputN/kV4gaNfP2mOrcy+9HVzFBNGLIgSAzr/Q9gAVh2hRANC',
    'AAQgOgOyzbWuI1YytDGHFqzctzlUklqrpIaSSqn+Hby5wO3pKlE9sYkz2gB/ZLTzb6sw8I2WQog8AUrAjlKcMT75',
  ],
}

const serverFiles = {
  certificate: [
    'MIIBhjCCAS2gAwIBAgIBCDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBa',
    'GA8yMTI0MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUcU/bmNL',
    'cfAf9/pgAkPVqAhhczSLF+Y6ImWs39Jgd/wenoE51lxhFNXkEfJ6OXbDPFFfV27DbrRtP558CuyN/aNpMGcwGgYDVR0RBBMw',
    'EYIJbG9jYWxob3N0hwR/AAABMAkGA1UdEwQCMAAwHQYDVR0OBBYEFMVAi/zBzKZ0YaSWX5jGG5qN0DjnMB8GA1UdIwQYMBaA',
    'FKobuv5Sm2CIHnesq0nhudHZmCTcMAoGCCqGSM49BAMCA0cAMEQCIEVssahmIK6xCUeDJ6m2y+OBsfipSsUQRO80WgJOLaEH',
    'AiATIdQdQgFvqcU21Xa/BtwrZa9cbThvibD2uvvGciKQFw==',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6XvOEzG2YP5CZz1Cv6mfcoKikJJ90tsApDlHIK+PV3KhRANC',
    'AARRxT9uY0tx8B/3+mACQ9WoCGFzNIsX5joiZazf0mB3/B6egTnWXGEU1eQR8no5dsM8UV9XbsNutG0/nnwK7I39',
  ],
}

const deviceFiles = {
  certificate: [
    'MIIBszCCAVigAwIBAgIBCTAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBa',
    'GA8yMTI0MDEwMTAwMDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDAyMFkwEwYHKoZIzj0CAQYIKoZI',
    'zj0DAQcDQgAEPHpPH+G5drJ87HZoiRNoKX3qpr4HHbxUQ2P/j8OXjlXPLQPKgwenM8zS76C4fojYTkpiPhdhcYAdkr8rI1AW',
    '1KOBhDCBgTA0BgNVHREELTArhhh1cm46aW1laTozNTAwMDAwMDAwMDAwMDKCD21ldGVyLTIuZXhhbXBsZTAJBgNVHRMEAjAA',
    'MB0GA1UdDgQWBBSoHWFiA3gtfWysbUvDGLNMcBnFzTAfBgNVHSMEGDAWgBSqG7r+UptgiB53rKtJ4bnR2Zgk3DAKBggqhkjO',
    'PQQDAgNJADBGAiEAkeA3qNclKXpTZqH1Up0zGvY/8m345QgUn2lj0WKsrAQCIQD3ZkslnLnvw4pF+DM1ra8LDf49KlYottCj',
    'XdK/PsO5Rw==',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+xGO/l7UkU5y2YIrmC4wbTzFW7/OOrUzqWOo6TnJduOhRANC',
    'AAQ8ek8f4bl2snzsdmiJE2gpfeqmvgcdvFRDY/+Pw5eOVc8tA8qDB6czzNLvoLh+iNhOSmI+F2FxgB2SvysjUBbU',
  ],
}

const strangerFiles = {
  certificate: [
    'MIIBljCCAT2gAwIBAgIBCjAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9PdGhlciBBdXRob3JpdHkwIBcNMjQwMTAxMDAwMDAw',
    'WhgPMjEyNDAxMDEwMDAwMDBaMCMxITAfBgNVBAMMGHVybjppbWVpOjM1MDAwMDAwMDAwMDAwMjBZMBMGByqGSM49AgEGCCqG',
    'SM49AwEHA0IABK4jlPh5X7jwbHHBgF5TRJH11G5H4e9IV0YFQKJHXXLIOeIsr/VlofqQtWX7doK4wp6Jw6nAs9GYDlVD6ZgU',
    'uXGjaTBnMBoGA1UdEQQTMBGCD21ldGVyLTIuZXhhbXBsZTAJBgNVHRMEAjAAMB0GA1UdDgQWBBQQOS4HDw6S5XHXu+JF4ktf',
    '2eQiSDAfBgNVHSMEGDAWgBRii2TTYyv2/lEHRSDQsaGOroiDRzAKBggqhkjOPQQDAgNHADBEAiB6o9LO2FFW9Vwy3T7z6ms2',
    '7CTJlayIA59s3NXfpxlbbQIgN4Kp+3vst9NXZBF3xuNMTVfxdOl3aziYGvRR0wn6Enk=',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghIchm/O3Hn5IsLVIyWqf4Up6hAj+DUVR/q6ysPoiTfehRANC',
    'AASuI5T4eV+48GxxwYBeU0SR9dRuR+HvSFdGBUCiR11yyDniLK/1ZaH6kLVl+3aCuMKeicOpwLPRmA5VQ+mYFLlx',
  ],
}

const issuedFiles = {
  certificate: [
    'MIIBhzCCAS2gAwIBAgIBCzAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBh1cm46aW1laTozNTAwMDAwMDAwMDAwMDIwIBcNMjQw',
    'MTAxMDAwMDAwWhgPMjEyNDAxMDEwMDAwMDBaMA4xDDAKBgNVBAMMA3N1YjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF8C',
    'NbdVMeWc9W+qDr3UaiZRnvEh1/wl1PxzcclCn9HqNbthzZzsFU0dXok7G2/HbukVP9btBRLMWuGgn9BKjvejZTBjMBYGA1Ud',
    'EQQPMA2CC3N1Yi5leGFtcGxlMAkGA1UdEwQCMAAwHQYDVR0OBBYEFE/PVYgLG1v/zTHp9FaUDrTOqmnNMB8GA1UdIwQYMBaA',
    'FKgdYWIDeC19bKxtS8MYs0xwGcXNMAoGCCqGSM49BAMCA0gAMEUCIADSForK6J/YmOiDrOJwjKZYqtCpLvto0HjcUuuUQw88',
    'AiEA0JgFM2gu6XjqgTxyoLdiXHs2aNhaQ+4rBgM5LvSkLQE=',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgcYvAc423R1b9uNAiiE7JRFLDBpFGReSLF8nmDJtlJfOhRANC',
    'AARfAjW3VTHlnPVvqg691GomUZ7xIdf8JdT8c3HJQp/R6jW7Yc2c7BVNHV6JOxtvx27pFT/W7QUSzFrhoJ/QSo73',
  ],
}

const expiredFiles = {
  certificate: [
    'MIIBeTCCAR6gAwIBAgIBDzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAeFw0yMDAxMDEwMDAwMDBa',
    'Fw0yMTAxMDEwMDAwMDBaMCMxITAfBgNVBAMMGHVybjppbWVpOjM1MDAwMDAwMDAwMDAwMzBZMBMGByqGSM49AgEGCCqGSM49',
    'AwEHA0IABCyIWiktv6JMvdIGI02aQyOwNBXuuQy8zwgcjAQoBQ2DVTYMB9RcvBZsXCE8YhcG4JPhUhzSUfUbdVznAjuAXl6j',
    'TTBLMAkGA1UdEwQCMAAwHQYDVR0OBBYEFBMc/ggaUPCQ4xPj/W7asdaVON9YMB8GA1UdIwQYMBaAFKobuv5Sm2CIHnesq0nh',
    'udHZmCTcMAoGCCqGSM49BAMCA0kAMEYCIQCfUt2ahkaGU2nNSq6eW+i77pcQzysvOE8/zmE8jPDv8AIhALrhvmgFjSOMa/E0',
    'ZFFd5IIW05GxCA371RmAXD5LoKgU',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYWBZQ/sfBLqlaYmKtccuQuz1G89P8IwYrUZNDa04KyWhRANC',
    'AAQsiFopLb+iTL3SBiNNmkMjsDQV7rkMvM8IHIwEKAUNg1U2DAfUXLwWbFwhPGIXBuCT4VIc0lH1G3Vc5wI7gF5e',
  ],
}

const intermediateFiles = {
  certificate: [
    'MIIBeDCCAR+gAwIBAgIBDDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBa',
    'GA8yMTI0MDEwMTAwMDAwMFowHDEaMBgGA1UEAwwRVGVzdCBJbnRlcm1lZGlhdGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC',
    'AAQATu2y4Qkpgl6yFHGw9ugfQHXAsUUDZe5HQI2LaDj7pcWnd7hjYjpoWKnKyexexBXP6yNuPxop4TTAH/S315lbo1MwUTAP',
    'BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTVxyhuVHwJzvudHZs9bL2HFpvP8TAfBgNVHSMEGDAWgBSqG7r+UptgiB53rKtJ',
    '4bnR2Zgk3DAKBggqhkjOPQQDAgNHADBEAiBgi7tZdTGSirJYRtlNcT87QyW8EE9N5PicdWMpAHE4wAIgBpFAHy4lN/P4NdfS',
    'A8FNcn147VBHIiYCUvMT4U/sPig=',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgftBd7QjsrNJfmYeQfBXd51f8Qq1dv0ZIhc9D091AVjuhRANC',
    'AAQATu2y4Qkpgl6yFHGw9ugfQHXAsUUDZe5HQI2LaDj7pcWnd7hjYjpoWKnKyexexBXP6yNuPxop4TTAH/S315lb',
  ],
}

const behindFiles = {
  certificate: [
    'MIIBmTCCAT+gAwIBAgIBDTAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFUZXN0IEludGVybWVkaWF0ZTAgFw0yNDAxMDEwMDAw',
    'MDBaGA8yMTI0MDEwMTAwMDAwMFowIzEhMB8GA1UEAwwYdXJuOmltZWk6MzUwMDAwMDAwMDAwMDA0MFkwEwYHKoZIzj0CAQYI',
    'KoZIzj0DAQcDQgAEt5ZrTP+YDs53Fp4rFWNZRCEh0naw+dIwrDnDqpW57yp7+XMFGpBCmo1v2iJMfKN/VETM3hd+UPjzLO38',
    '2pBmjKNpMGcwGgYDVR0RBBMwEYIPbWV0ZXItNC5leGFtcGxlMAkGA1UdEwQCMAAwHQYDVR0OBBYEFEnegiz/UTzmPZXx6VtJ',
    '7HnlACmwMB8GA1UdIwQYMBaAFNXHKG5UfAnO+50dmz1svYcWm8/xMAoGCCqGSM49BAMCA0gAMEUCIQC66KmOs5/XKrcOURXQ',
    'LokI5/Y8ysQkOB/9P9zMEZWoGgIge6Xr1xzjJFhcYkyjvaNCL7qA3sdGPR8OgK3ejz9Of0E=',
  ],
  key: [
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxuTMnfZ+/VMTjSADbCgZkqXQaJrAz8FBKfufi43cPy2hRANC',
    'AAS3lmtM/5gOzncWnisVY1lEISHSdrD50jCsOcOqlbnvKnv5cwUakEKajW/aIkx8o39URMzeF35Q+PMs7fzakGaM',
  ],
}

const wideFiles = {
  certificate: [
    'MIIBgzCCASmgAwIBAgIBDjAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5UZXN0IEF1dGhvcml0eTAgFw0yNDAxMDEwMDAwMDBa',
    'GA8yMTI0MDEwMTAwMDAwMFowDzENMAsGA1UEAwwEd2lkZTB2MBAGByqGSM49AgEGBSuBBAAiA2IABG83iRBlW1cvdSuvD9Cu',
    'Zu04qSiWb4vi7pezm+CkFamFv21wnble4/kgbhOwUfI4Iv2ZRtlAzOtm/+6qHQV9AURMBxe64XixivNATBx8JjGg5FsgGtt2',
    'Q8Gmo5q0IJn6v6NNMEswCQYDVR0TBAIwADAdBgNVHQ4EFgQU5RQmakwLi8AyLYtqhQtFsnfVngAwHwYDVR0jBBgwFoAUqhu6',
    '/lKbYIged6yrSeG50dmYJNwwCgYIKoZIzj0EAwIDSAAwRQIhAJ8nJQNI5xNo/IAcEAEl+d8qXdm9dbH8WM5QmOJcQzVoAiBE',
    'sl0TkXfhuy4tumqe61oSNLdSN0hTT0cyxDqxpBGOCA==',
  ],
  key: [
    'MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCrEO+htvHl9eiwqNTaDu4ciLoMQOMWKGb/TTq2O2OZwS5eX7kS',
    '1uudKAWepmnZcCKhZANiAARvN4kQZVtXL3Urrw/QrmbtOKkolm+L4u6Xs5vgpBWphb9tcJ25XuP5IG4TsFHyOCL9mUbZQMzr',
    'Zv/uqh0FfQFETAcXuuF4sYrzQEwcfCYxoORbIBrbdkPBpqOatCCZ+r8=',
  ],
}

interface Files {
  readonly certificate: readonly string[]
  readonly key: readonly string[]
}

const derOf = (files: Files): Bytes => new Uint8Array(Buffer.from(files.certificate.join(''), 'base64'))

function pem(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64.replaceAll(/(.{64})/g, '$1\n')}\n-----END ${label}-----\n`
}

/** The key of `files`, and its certificate with those above it. */
const pemOf = (files: Files, ...above: readonly Files[]): { readonly key: string; readonly certificate: string } => ({
  key: pem('PRIVATE KEY', files.key.join('')),
  certificate: [files, ...above].map(({ certificate }) => pem('CERTIFICATE', certificate.join(''))).join(''),
})

function own(files: Files, ...above: readonly Files[]): OwnCertificate {
  return { ...signingKeyOf(pemOf(files).key), chain: [files, ...above].map(derOf) }
}

function parsed(files: Files): Certificate {
  const certificate = nodeCrypto().certificate(derOf(files))
  if (certificate === undefined) throw new Error('the test certificate cannot be read')
  return certificate
}

export const authority = parsed(authorityFiles)
export const serverCertificate = own(serverFiles)
export const authorityPem = pemOf(authorityFiles)
export const serverPem = pemOf(serverFiles)
/** Named urn:imei:350000000000002 and meter-2.example. */
export const deviceCertificate = own(deviceFiles)
export const devicePem = pemOf(deviceFiles)
/** The same names, signed by an authority nobody trusts. */
export const strangerCertificate = own(strangerFiles)
export const strangerPem = pemOf(strangerFiles)
/** Signed by the device, which is no authority. */
export const issuedCertificate = own(issuedFiles, deviceFiles)
/** Valid until 2021. */
export const expiredCertificate = own(expiredFiles)
/** Signed by an intermediate authority, shown with it. */
export const behindCertificate = own(behindFiles, intermediateFiles)
export const behindPem = pemOf(behindFiles, intermediateFiles)
/** Its chain, without what links it to the authority. */
export const brokenChainCertificate = own(behindFiles)
/** A key on P-384. */
export const wideCertificate = own(wideFiles)
