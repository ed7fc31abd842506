// SPDX-License-Identifier: Apache-2.0
//
// An OpenID provider on loopback: panva's certified oidc-provider, with a sign-in page and users from a file.
//
//   node provider.js SETTINGS.json
//
// SETTINGS: { issuer, port, key, cert, clients: [...], users: { NAME: { password, login: {acr, amr}, claims: {...} } } }.
// The sign-in form takes username, password, and ago: for how many seconds the user is to have been signed in already.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { Provider } from 'oidc-provider';

const { issuer, port, key, cert, clients, users } = JSON.parse(readFileSync(process.argv[2]));
const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(issuer, {
  clients,
  jwks: { keys: [{ ...signingKey, use: 'sig', alg: 'RS256' }] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  scopes: ['openid', 'profile', 'email', 'groups'],
  claims: {
    openid: ['sub', 'auth_time', 'acr', 'amr'],
    profile: ['name', 'given_name', 'family_name', 'phone_number'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  pkce: { required: () => true },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  ttl: { Session: 86400, Grant: 86400, Interaction: 600, IdToken: 600, AccessToken: 600 },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      enabled: true,
      // It asks "do you want to sign out here, too?": yes.
      logoutSource: (ctx, form) => { ctx.body = form.replace('</form>', '<input type="hidden" name="logout" value="yes"/></form>'); },
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...users[id].claims }) }),
  // These clients are the company's own: nobody is asked for consent.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile email groups');
    await grant.save();
    return grant;
  },
});

const page = (prompt, why) => `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">
<title>Sign in</title></head><body><p>${prompt}: ${why}</p><form method="post"><input name="username"><input name="password" type="password">
<input name="ago" value="0" type="hidden"><button>Sign in</button></form></body></html>`;

async function signIn(ctx) {
  const { prompt } = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.method === 'POST') {
    const chunks = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const user = Object.hasOwn(users, form.get('username')) ? users[form.get('username')] : undefined;
    if (user?.password === form.get('password')) {
      const ts = Math.floor(Date.now() / 1000) - Number(form.get('ago'));
      await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: form.get('username'), ts, ...user.login } });
      ctx.respond = false;
      return;
    }
  }
  ctx.type = 'html';
  ctx.body = page(prompt.name, prompt.reasons.join(', '));
}

provider.use((ctx, next) => (ctx.path.startsWith('/sign-in/') ? signIn(ctx) : next()));
provider.on('server_error', (_, error) => console.error(error));
createServer({ key: readFileSync(key), cert: readFileSync(cert) }, provider.callback()).listen(port, '127.0.0.1');
