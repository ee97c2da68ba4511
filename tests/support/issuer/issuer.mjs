// A development OpenID provider (npm oidc-provider) over HTTPS on loopback, for ./run and the integration tests.
//
//   node issuer.mjs --state DIR [--port 0] [--lifetime 3600]
//
// Makes a CA and a certificate with the openssl command, signing keys (RSA, P-256, Ed25519) and client secrets, all new at
// every start. Prints one JSON line {event, issuer, ca_file, state_file, pid} when it serves, and writes DIR/issuer.json for
// token.mjs. SIGHUP: new signing keys, announced by another line. Never use it in production.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Provider } from 'oidc-provider';

const { values: args } = parseArgs({
  options: {
    state: { type: 'string' },
    port: { type: 'string', default: '0' },
    lifetime: { type: 'string', default: '3600' },
  },
});
if (!args.state) {
  console.error('usage: node issuer.mjs --state DIR [--port N] [--lifetime SECONDS]');
  process.exit(2);
}

console.info = console.error; // standard output is for our JSON lines only

const audience = 'querywarden';
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const groups = { agent: ['shop-agents'], dba: ['shop-dbas'], stranger: [] };
const state = resolve(args.state);
mkdirSync(state, { recursive: true, mode: 0o700 });
const path = (name) => join(state, name);

function makeCertificate() {
  const openssl = (...a) => execFileSync('openssl', a, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  writeFileSync(path('leaf.cnf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n');
  openssl('req', '-x509', ...key, '-keyout', path('ca.key'), '-out', path('ca.pem'), '-days', '30',
    '-subj', '/CN=Querywarden development CA', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', ...key, '-keyout', path('leaf.key'), '-out', path('leaf.csr'), '-subj', '/CN=127.0.0.1');
  openssl('x509', '-req', '-in', path('leaf.csr'), '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial',
    '-out', path('leaf.pem'), '-days', '30', '-extfile', path('leaf.cnf'));
  return { key: readFileSync(path('leaf.key')), cert: readFileSync(path('leaf.pem')) };
}

function makeKeys() {
  const kid = () => randomBytes(6).toString('hex');
  const kinds = [['rsa', { modulusLength: 2048 }], ['ec', { namedCurve: 'P-256' }], ['ed25519', {}]];
  return {
    keys: kinds.map(([type, options]) => ({
      ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), kid: kid(), use: 'sig',
    })),
  };
}

const secrets = Object.fromEntries(Object.keys(groups).map((name) => [name, randomBytes(24).toString('base64url')]));

function makeProvider(issuer) {
  return new Provider(issuer, {
    jwks: makeKeys(),
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: Object.keys(groups).map((name) => ({
      client_id: name, client_secret: secrets[name], grant_types: ['client_credentials'], redirect_uris: [],
      response_types: [], token_endpoint_auth_method: 'client_secret_basic',
    })),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${audience}:RS256`,
        // the resource urn:querywarden:ALG only chooses the algorithm; urn:other gives a token for somebody else
        getResourceServerInfo: (ctx, resource) => ({
          scope: '',
          audience: resource === 'urn:other' ? 'other' : audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: Number(args.lifetime),
          jwt: { sign: { alg: algorithms.find((a) => resource.endsWith(`:${a}`)) ?? 'RS256' } },
        }),
      },
    },
    extraTokenClaims: (ctx, token) => ({ groups: groups[token.clientId] ?? [] }),
  });
}

function say(event, more) {
  process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
}

function writeState(content) {
  writeFileSync(path('issuer.json.new'), JSON.stringify(content, null, 2), { mode: 0o600 });
  renameSync(path('issuer.json.new'), path('issuer.json'));
}

let handle = (req, res) => { res.statusCode = 503; res.end(); };
const server = createServer(makeCertificate(), (req, res) => handle(req, res));
chmodSync(path('ca.key'), 0o600);
server.listen(Number(args.port), '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  handle = makeProvider(issuer).callback();
  writeState({ issuer, audience, ca_file: path('ca.pem'), token_endpoint: `${issuer}/token`, clients: secrets });
  say('ready', { issuer, ca_file: path('ca.pem'), state_file: path('issuer.json'), pid: process.pid });
  process.on('SIGHUP', () => {
    handle = makeProvider(issuer).callback();
    say('rotated', { issuer });
  });
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
