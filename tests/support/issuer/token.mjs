// Prints an access token that a running issuer.mjs issues by client credentials over HTTPS.
//
//   node token.mjs --state DIR --client agent|dba|stranger [--alg RS256|PS256|ES256|EdDSA] [--resource URN]
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: args } = parseArgs({
  options: {
    state: { type: 'string' },
    client: { type: 'string' },
    alg: { type: 'string', default: 'RS256' },
    resource: { type: 'string' },
  },
});

function fail(text) {
  console.error(`token: ${text}`);
  process.exit(1);
}

if (!args.state || !args.client) fail('usage: node token.mjs --state DIR --client NAME [--alg ALG] [--resource URN]');
const issuer = JSON.parse(readFileSync(join(args.state, 'issuer.json'), 'utf8'));
const secret = issuer.clients[args.client];
if (!secret) fail(`no client ${args.client}; there are ${Object.keys(issuer.clients).join(', ')}`);

const body = new URLSearchParams({
  grant_type: 'client_credentials',
  resource: args.resource ?? `urn:${issuer.audience}:${args.alg}`,
}).toString();
const req = request(issuer.token_endpoint, {
  method: 'POST',
  ca: readFileSync(issuer.ca_file),
  auth: `${args.client}:${secret}`,
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
}, (res) => {
  let text = '';
  res.setEncoding('utf8');
  res.on('data', (chunk) => { text += chunk; });
  res.on('end', () => {
    if (res.statusCode !== 200) fail(`HTTP status ${res.statusCode}: ${text}`);
    process.stdout.write(`${JSON.parse(text).access_token}\n`);
  });
});
req.on('error', (e) => fail(e.message));
req.end(body);
