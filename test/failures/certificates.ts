import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  /** The authority that has signed the others. */
  readonly authority: Certificate;
  readonly good: Certificate;
  readonly expired: Certificate;
  readonly early: Certificate;
  readonly misnamed: Certificate;
}

/** Certificates for `localhost`, made by openssl; `undefined` where there is none. */
export function makeCertificates(): Certificates | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  try {
    writeFileSync(join(folder, 'ca.cnf'), CONFIGURATION);
    writeFileSync(join(folder, 'index'), '');
    openssl(
      ...REQUEST,
      '-x509',
      '-days',
      '2',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=authority',
    );
    const read = (name: string): Certificate => ({
      key: readFileSync(join(folder, `${name}.key`), 'utf8'),
      cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
    });
    const make = (name: string, from: string, to: string, host = 'localhost') => {
      openssl(...REQUEST, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`);
      const times = ['-startdate', from, '-enddate', to];
      openssl(
        'ca',
        '-batch',
        '-config',
        'ca.cnf',
        ...times,
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
        '-notext',
      );
      return read(name);
    };
    return {
      authority: read('ca'),
      good: make('good', '20200101000000Z', '20990101000000Z'),
      expired: make('expired', '20200101000000Z', '20210101000000Z'),
      early: make('early', '20980101000000Z', '20990101000000Z'),
      misnamed: make('misnamed', '20200101000000Z', '20990101000000Z', 'elsewhere'),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const REQUEST = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const CONFIGURATION = `
[ca]
default_ca = here
[here]
database = index
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;
