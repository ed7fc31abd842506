// SPDX-License-Identifier: Apache-2.0
// The smallest identity providers on samlp and on samlify, in one process for each core; without sessions, which real
// ones have. node node.js PORT KEY CERTIFICATE PROCESSES
'use strict';
const cluster = require('cluster');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');

const [port, keyFile, certificateFile, processes] = process.argv.slice(2);
const key = fs.readFileSync(keyFile, 'utf8');
const certificate = fs.readFileSync(certificateFile, 'utf8');
const issuer = 'https://sso.example.com/metadata';
const audience = 'https://sso.ringcentral.com';
const acs = 'https://sso.ringcentral.com/sp/ACS.saml2';
const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/';
const password = crypto.createHash('sha1').update('secret').digest('base64');

// As httpd does it for ours: the user and a SHA-1 of the password.
function userOf(request) {
  const [scheme, credentials] = (request.headers.authorization || '').split(' ');
  const [user, secret] = Buffer.from(credentials || '', 'base64').toString().split(':');
  const digest = crypto.createHash('sha1').update(secret || '').digest('base64');
  return scheme === 'Basic' && user === 'alice' && digest === password ? user : null;
}

function withSamlp() {
  const samlp = require('samlp');
  return samlp.auth({
    issuer, audience, key, cert: certificate, recipient: acs, destination: acs, lifetimeInSeconds: 300,
    getPostURL: (_audience, _dom, _request, done) => done(null, acs),
    getUserFromRequest: (request) => ({
      id: request.user, emails: [request.user + '@example.com'], displayName: 'Alice Example',
      name: { givenName: 'Alice', familyName: 'Example' },
    }),
    nameIdentifierProbes: [claims + 'emailaddress'],
    nameIdentifierFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  });
}

function withSamlify() {
  const samlify = require('samlify');
  const names = { email: 'emailaddress', givenName: 'givenname', surname: 'surname', group: 'groups' };
  const post = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';
  samlify.setSchemaValidator({ validate: () => Promise.resolve('skipped') }); // of what comes in, and nothing does
  const idp = samlify.IdentityProvider({
    entityID: issuer, privateKey: key, signingCert: certificate, isAssertionEncrypted: false,
    nameIDFormat: ['urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'],
    singleSignOnService: [{ Binding: post, Location: 'https://sso.example.com/sso' }],
    loginResponseTemplate: {
      context: samlify.SamlLib.defaultLoginResponseTemplate.context,
      attributes: Object.entries(names).map(([valueTag, name]) => ({
        name: claims + name, valueTag, nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri', valueXsiType: 'xs:string',
      })),
    },
  });
  const sp = samlify.ServiceProvider({
    entityID: audience, wantAssertionsSigned: true, assertionConsumerService: [{ Binding: post, Location: acs }],
  });
  const fill = (user) => (template) => {
    const id = '_' + crypto.randomBytes(20).toString('hex');
    const now = new Date();
    const later = new Date(now.getTime() + 300000).toISOString();
    const tags = {
      ID: id, AssertionID: '_' + crypto.randomBytes(20).toString('hex'), Destination: acs, Audience: audience,
      EntityID: audience, SubjectRecipient: acs, Issuer: issuer, IssueInstant: now.toISOString(),
      AssertionConsumerServiceURL: acs, StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      ConditionsNotBefore: now.toISOString(), ConditionsNotOnOrAfter: later, SubjectConfirmationDataNotOnOrAfter: later,
      NameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', NameID: user + '@example.com',
      InResponseTo: '', AuthnStatement: '', attrEmail: user + '@example.com', attrGivenName: 'Alice',
      attrSurname: 'Example', attrGroup: 'staff',
    };
    return { id, context: samlify.SamlLib.replaceTagsByValue(template, tags) };
  };
  return async (request, response) => {
    const user = request.user;
    const { context } = await idp.createLoginResponse(sp, null, 'post', { email: user + '@example.com' }, fill(user));
    response.send('<!DOCTYPE html><html><body><form method="post" action="' + acs +
      '"><input type="hidden" name="SAMLResponse" value="' + context + '"></form></body></html>');
  };
}

function serve() {
  const paths = { '/samlp': withSamlp(), '/samlify': withSamlify() };
  http.createServer((request, response) => {
    request.query = {};
    request.user = userOf(request);
    response.set = (name, value) => response.setHeader(name, value);
    response.send = (body) => response.end(body);
    if (!request.user || !paths[request.url]) {
      response.statusCode = request.user ? 404 : 401;
      response.end();
      return;
    }
    Promise.resolve(paths[request.url](request, response, (error) => { throw error; })).catch((error) => { throw error; });
  }).listen(port, '127.0.0.1', () => console.log('ready'));
}

process.noDeprecation = true;
if (cluster.isPrimary) {
  process.on('SIGTERM', () => process.exit(0));
  for (let i = 0; i < processes; i++) cluster.fork();
} else {
  serve();
}
